/** Management command that creates a superuser. */
import { DEFAULT_ALIAS } from '#core/db'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '#core/management'
import type { UserClass } from '../../types.ts'
import { ValidationError } from '../../password_validation.ts'
import {
  askNewPassword,
  defaultUsername,
  labelOf,
  problemOfEmail,
  problemOfName,
  PromptCancelled,
  type Prompter,
  terminal,
} from '../prompts.ts'
import { getUserModel } from '../../authentication.ts'

interface Options {
  readonly username?: string
  readonly email?: string
  /** False with --noinput. */
  readonly input?: boolean
  readonly noinput?: boolean
  readonly database?: string
}

const ENVIRONMENT = 'DJANGO_SUPERUSER_'

/** The environment variable for a property: `DJANGO_SUPERUSER_FIRST_NAME` for `firstName`. */
const fromEnvironment = (field: string): string | undefined =>
  process.env[ENVIRONMENT + field.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()]

export default class Command extends BaseCommand<Options> {
  readonly help = 'Used to create a superuser.'
  /** Reads the answers; the terminal by default. */
  protected readonly prompter: Prompter = terminal

  override addArguments(parser: ArgumentParser): void {
    parser
      .option('--username <username>', 'Specifies the login for the superuser.')
      .option('--email <email>', 'Specifies the email for the superuser.')
      .option('--noinput', `Asks nothing: what is needed comes as options or as ${ENVIRONMENT}* in the environment.`)
      .option('--no-input', 'The same.')
      .option('--database <alias>', 'Specifies the database to use.', DEFAULT_ALIAS)
  }

  async handle(options: Options & CommonOptions): Promise<void> {
    const { database = DEFAULT_ALIAS, verbosity } = options
    const User = getUserModel()
    const asks = options.noinput !== true && options.input !== false
    if (asks && !this.prompter.isInteractive) {
      this.stdout.write(
        'Superuser creation skipped due to not running in a TTY. You can run `manage.ts createsuperuser` in your' +
          ' project to create one manually.',
      )
      return
    }
    try {
      const values = asks ? await this.#ask(User, options) : await this.#given(User, options)
      const { [User.usernameField]: name = '', [User.emailField]: email = null, password = null, ...extra } = values
      await User.objects.using(database).createSuperuser(name as string, email, password, extra)
    } catch (error) {
      // Another process may have taken the name since the check.
      if (error instanceof ValidationError) throw new CommandError(`Error: ${error.message}`, { cause: error })
      if (!(error instanceof PromptCancelled)) throw error
      throw new CommandError('\nOperation cancelled.', { cause: error })
    }
    if (verbosity >= 1) this.stdout.write('Superuser created successfully.')
  }

  /** The error message for an invalid value; undefined if it is valid. */
  async #problem(User: UserClass, field: string, value: string, alias: string): Promise<string | undefined> {
    if (field === User.emailField) return problemOfEmail(value)
    if (field !== User.usernameField) return value === '' ? 'This field cannot be blank.' : undefined
    const problem = problemOfName(value)
    if (problem !== undefined) return problem
    const isTaken = (await User.objects.using(alias).findByNaturalKey(value)) !== null
    return isTaken ? `That ${labelOf(field).toLowerCase()} is already taken.` : undefined
  }

  /** Values from options and environment variables, without prompts. */
  async #given(User: UserClass, options: Options): Promise<Record<string, string | null>> {
    const { database: alias = DEFAULT_ALIAS } = options
    const given: Record<string, string | undefined> = { username: options.username, email: options.email }
    const values: Record<string, string | null> = {}
    for (const field of [User.usernameField, ...User.requiredFields]) {
      const value = given[field] ?? fromEnvironment(field)
      if (value === undefined) throw new CommandError(`You must use --${field} with --noinput.`)
      const problem = await this.#problem(User, field, value, alias)
      if (problem !== undefined) throw new CommandError(`Error: ${problem}`)
      values[field] = value
    }
    // Without a password, the user cannot log in until changepassword sets one.
    values.password = fromEnvironment('password') ?? null
    return values
  }

  async #ask(User: UserClass, options: Options): Promise<Record<string, string>> {
    const { database: alias = DEFAULT_ALIAS } = options
    const given: Record<string, string | undefined> = { username: options.username, email: options.email }
    const values: Record<string, string> = {}
    for (const field of [User.usernameField, ...User.requiredFields]) {
      values[field] = await this.#field(User, field, given[field], alias)
    }
    return { ...values, password: await askNewPassword(this.prompter, this.stderr, values) }
  }

  async #field(User: UserClass, field: string, given: string | undefined, alias: string): Promise<string> {
    const isName = field === User.usernameField
    const usual = isName ? (isName && fromEnvironment(field)) || (await defaultUsername(User, alias)) : ''
    const hint = usual === '' ? '' : ` (leave blank to use '${usual}')`
    for (let value = given; ; value = undefined) {
      value ??= (await this.prompter.ask(`${labelOf(field)}${hint}: `)).trim() || usual
      const problem = await this.#problem(User, field, value, alias)
      if (problem === undefined) return value
      this.stderr.write(`Error: ${problem}`)
    }
  }
}
