/** createsuperuser and changepassword with simulated input from a terminal. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { User } from '#core/contrib/auth'
import { connection } from '#core/db'
import { type BaseCommand, callCommand, type CommandIo, ListeningTerminal, noStyle } from '#core/management'
import { overrideSettings } from '#core/test'
import ChangePassword from '../../../core/contrib/auth/management/commands/changepassword.ts'
import CreateSuperuser from '../../../core/contrib/auth/management/commands/createsuperuser.ts'
import { PromptCancelled, type Prompter } from '../../../core/contrib/auth/management/prompts.ts'
import { inUsers } from './installed.ts'

/** Returns the given inputs in order, then Ctrl-C. */
class ScriptedPrompter implements Prompter {
  readonly isInteractive = true
  readonly asked: string[] = []
  readonly #answers: string[]

  constructor(answers: readonly string[]) {
    this.#answers = [...answers]
  }

  async ask(question: string): Promise<string> {
    this.asked.push(question)
    const answer = this.#answers.shift()
    if (answer === undefined) throw new PromptCancelled()
    return answer
  }

  askSecret(question: string): Promise<string> {
    return this.ask(`(secret) ${question}`)
  }
}

interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly error: string | undefined
  readonly asked: readonly string[]
}

async function outcome(
  Command: new (io: CommandIo) => BaseCommand,
  options: object,
  answers: readonly string[],
): Promise<CommandResult> {
  const prompter = new ScriptedPrompter(answers)
  const [stdout, stderr] = [new ListeningTerminal(), new ListeningTerminal()]
  const command = new Command({ stdout, stderr, style: noStyle })
  Object.assign(command, { prompter })
  const error = await Promise.resolve(command.handle({ verbosity: 1, ...options })).then(
    () => undefined,
    (thrown: Error) => `${thrown.name}: ${thrown.message}`,
  )
  return { stdout: stdout.text, stderr: stderr.text, error, asked: prompter.asked }
}

const VALIDATORS = [{ NAME: 'core.contrib.auth.password_validation.MinimumLengthValidator' }]
const SECRETS = ['(secret) Password: ', '(secret) Password (again): ']

describe('commands of the auth app', () => {
  before(() => setup())
  inUsers({ AUTH_PASSWORD_VALIDATORS: VALIDATORS })
  beforeEach(async () => {
    await connection('auth_user').delete()
    for (const name of ['USERNAME', 'EMAIL', 'PASSWORD']) delete process.env[`DJANGO_SUPERUSER_${name}`]
  })

  describe('createsuperuser', () => {
    it('asks for name, address and password, and creates the user', async () => {
      const { stdout, error, asked } = await outcome(CreateSuperuser, {}, [
        'ada',
        'ada@X.org',
        'a long one',
        'a long one',
      ])
      expect(error).to.equal(undefined)
      expect(stdout).to.equal('Superuser created successfully.\n')
      expect(asked[0]).to.match(/^Username( \(leave blank to use '\w+'\))?: $/)
      expect(asked.slice(1)).to.deep.equal(['Email address: ', ...SECRETS])
      const user = await User.objects.getByNaturalKey('ada')
      expect([user.isSuperuser, user.isStaff, user.isActive, user.email]).to.deep.equal([true, true, true, 'ada@x.org'])
      expect(await user.checkPassword('a long one')).to.equal(true)
    })

    it('asks again until the input is valid', async () => {
      await User.objects.createUser('taken')
      const answers = [
        'taken',
        'no spaces',
        'ada',
        'no address',
        '',
        'one',
        'other',
        '',
        '',
        'short',
        'short',
        'n',
        'short',
        'short',
        'y',
      ]
      const { stderr, error } = await outcome(CreateSuperuser, {}, answers)
      expect(error).to.equal(undefined)
      expect(stderr.trim().split('\n')).to.deep.equal([
        'Error: That username is already taken.',
        'Error: Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.',
        'Error: Enter a valid email address.',
        "Error: Your passwords didn't match.",
        "Error: Blank passwords aren't allowed.",
        'This password is too short. It must contain at least 8 characters.',
        'This password is too short. It must contain at least 8 characters.',
      ])
    })

    it('asks only for values that were not given', async () => {
      const { asked } = await outcome(CreateSuperuser, { username: 'ada', email: '' }, ['a long one', 'a long one'])
      expect(asked).to.deep.equal(SECRETS)
    })

    it('stops at Ctrl-C and creates no user', async () => {
      const { error } = await outcome(CreateSuperuser, {}, ['ada'])
      expect(error).to.equal('CommandError: \nOperation cancelled.')
      expect(await User.objects.count()).to.equal(0)
    })

    it('asks nothing with --noinput: the values come from options and the environment', async () => {
      const stdout = new ListeningTerminal()
      const run = (...words: string[]) => callCommand('createsuperuser', ...words, { stdout, stderr: stdout })
      const missing = await run('--noinput', '--username', 'ada').catch((error: Error) => error.message)
      expect(missing).to.equal('You must use --email with --noinput.')
      process.env.DJANGO_SUPERUSER_PASSWORD = 'short'
      process.env.DJANGO_SUPERUSER_EMAIL = 'e@x.org'
      await run('--noinput', '--username', 'ada')
      expect(stdout.text).to.equal('Superuser created successfully.\n')
      expect(await (await User.objects.getByNaturalKey('ada')).checkPassword('short')).to.equal(true)
      const taken = await run('--noinput', '--username', 'ada').catch((error: Error) => error.message)
      expect(taken).to.equal('Error: That username is already taken.')
      delete process.env.DJANGO_SUPERUSER_PASSWORD
      process.env.DJANGO_SUPERUSER_USERNAME = 'bob'
      await run('--noinput')
      expect((await User.objects.getByNaturalKey('bob')).hasUsablePassword()).to.equal(false)
    })

    it('does nothing without a terminal', async () => {
      const stdout = new ListeningTerminal()
      const command = new CreateSuperuser({ stdout, stderr: stdout, style: noStyle })
      Object.assign(command, { prompter: { isInteractive: false } })
      await command.handle({ verbosity: 1 })
      expect(stdout.text).to.match(/^Superuser creation skipped due to not running in a TTY\./)
    })
  })

  describe('changepassword', () => {
    it('asks twice and changes the password', async () => {
      const user = await User.objects.createUser('ada', null, 'old')
      const { stdout, asked } = await outcome(ChangePassword, { username: 'ada' }, ['a new one', 'a new one'])
      expect(asked).to.deep.equal(SECRETS)
      expect(stdout).to.equal("Changing password for user 'ada'\nPassword changed successfully for user 'ada'\n")
      await user.refresh()
      expect(await user.checkPassword('a new one')).to.equal(true)
    })

    it('fails after three attempts, for empty input and for an unknown name', async () => {
      const user = await User.objects.createUser('ada', null, 'old')
      const three = await outcome(ChangePassword, { username: 'ada' }, ['a', 'b', 'c', 'd', 'short', 'short'])
      expect(three.error).to.equal("CommandError: Aborting password change for user 'ada' after 3 attempts")
      expect(three.stdout.match(/Passwords do not match\. Please try again\./g)).to.have.length(2)
      expect(three.stderr).to.match(/too short/)
      expect((await outcome(ChangePassword, { username: 'ada' }, [''])).error).to.equal('CommandError: aborted')
      expect((await outcome(ChangePassword, { username: 'ada' }, [])).error).to.equal('CommandError: aborted')
      expect((await outcome(ChangePassword, { username: 'x' }, [])).error).to.equal(
        "CommandError: user 'x' does not exist",
      )
      await user.refresh()
      expect(await user.checkPassword('old')).to.equal(true)
    })
  })

  it('work without validators', () =>
    overrideSettings({ AUTH_PASSWORD_VALIDATORS: [] }, async () => {
      const { error } = await outcome(CreateSuperuser, { username: 'ada', email: '' }, ['x', 'x'])
      expect(error).to.equal(undefined)
    }))
})
