/** Management command that changes a user's password. */
import { DEFAULT_ALIAS } from '#core/db'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '#core/management'
import { escapeControls } from '#core/utils'
import { objectionsTo, PromptCancelled, type Prompter, systemUsername, terminal } from '../prompts.ts'
import { getUserModel } from '../../authentication.ts'

interface Options {
  readonly username?: string
  readonly database?: string
}

const MAX_ATTEMPTS = 3

export default class Command extends BaseCommand<Options> {
  readonly help = "Change a user's password for core.contrib.auth."
  /** Reads the answers; the terminal by default. */
  protected readonly prompter: Prompter = terminal

  override addArguments(parser: ArgumentParser): void {
    parser
      .argument('[username]', 'Username to change password for; by default, the name you have on this system.')
      .option('--database <alias>', 'Specifies the database to use.', DEFAULT_ALIAS)
  }

  async handle({ username = systemUsername(), database = DEFAULT_ALIAS }: Options & CommonOptions): Promise<void> {
    const user = await getUserModel().objects.using(database).findByNaturalKey(username)
    if (user === null) throw new CommandError(`user '${username}' does not exist`)
    const name = escapeControls(user.getUsername())
    this.stdout.write(`Changing password for user '${name}'`)
    await user.setPassword(await this.#newPassword(user, name))
    await user.save({ updateFields: ['password'] })
    this.stdout.write(`Password changed successfully for user '${name}'`)
  }

  async #newPassword(user: object, name: string): Promise<string> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const password = await this.#secret('Password: ')
      if (password !== (await this.#secret('Password (again): '))) {
        this.stdout.write('Passwords do not match. Please try again.')
        continue
      }
      const objections = await objectionsTo(password, user)
      if (objections.length === 0) return password
      this.stderr.write(objections.join('\n'))
    }
    throw new CommandError(`Aborting password change for user '${name}' after ${MAX_ATTEMPTS} attempts`)
  }

  async #secret(question: string): Promise<string> {
    try {
      const answer = await this.prompter.askSecret(question)
      if (answer !== '') return answer
    } catch (error) {
      if (!(error instanceof PromptCancelled)) throw error
    }
    throw new CommandError('aborted')
  }
}
