/** sendtestemail: recipients, content, and missing recipients. */
import { hostname } from 'node:os'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { outbox } from '#core/mail'
import { callCommand, type CommandError, execute, ListeningTerminal } from '#core/management'
import { stopClock } from '#core/test'

const PEOPLE = {
  EMAIL_BACKEND: 'core.mail.backends.locmem.EmailBackend',
  EMAIL_SUBJECT_PREFIX: '[Site] ',
  DEFAULT_FROM_EMAIL: 'site@example.org',
  SERVER_EMAIL: 'server@example.org',
  ADMINS: [['Ada', 'ada@example.org']],
  MANAGERS: ['may@example.org', 'max@example.org'],
}

const BODY = "If you're reading this, it was successful."
const NOBODY = 'You must specify some email recipients, or pass the --managers or --admin options.'

describe('sendtestemail', () => {
  before(() => setup())
  beforeEach(() => {
    outbox.length = 0
  })

  async function send(words: readonly string[], settings: object = {}): Promise<string> {
    const stderr = new ListeningTerminal()
    await overrideSettings({ ...PEOPLE, ...settings }, () =>
      callCommand('sendtestemail', ...words, { stdout: stderr, stderr }),
    )
    return stderr.text
  }

  const sent = (): object[] => outbox.map(({ fromEmail, to, body }) => ({ fromEmail, to, body }))

  it('sends one mail to the given addresses, and prints nothing', async () => {
    const clock = stopClock(new Date('2026-11-21T11:17:51.123Z'))
    try {
      expect(await send(['a@example.org', 'b@example.org'])).to.equal('')
    } finally {
      clock.restore()
    }
    expect(sent()).to.deep.equal([
      { fromEmail: 'site@example.org', to: ['a@example.org', 'b@example.org'], body: BODY },
    ])
    expect(outbox[0]?.subject).to.equal(`Test email from ${hostname()} on 2026-11-21 11:17:51.123000+00:00`)
  })

  it('sends separate mails to the managers and to the admins', async () => {
    await send(['--managers', '--admins'])
    expect(sent()).to.deep.equal([
      {
        fromEmail: 'server@example.org',
        to: ['may@example.org', 'max@example.org'],
        body: 'This email was sent to the site managers.',
      },
      { fromEmail: 'server@example.org', to: ['ada@example.org'], body: 'This email was sent to the site admins.' },
    ])
    expect(outbox[0]?.subject).to.match(/^\[Site\] Test email from /)
    outbox.length = 0
    await send(['a@example.org', '--admins'])
    expect(outbox.map(({ to }) => to)).to.deep.equal([['a@example.org'], ['ada@example.org']])
  })

  it('reports an empty setting, and writes to the others', async () => {
    expect(await send(['--managers', '--admins'], { MANAGERS: [] })).to.equal(
      'MANAGERS is empty: nobody was written to.\n',
    )
    expect(outbox.map(({ to }) => to)).to.deep.equal([['ada@example.org']])
  })

  it('requires a recipient', async () => {
    const [stdout, stderr] = [new ListeningTerminal(), new ListeningTerminal()]
    expect(await execute(['sendtestemail'], { stdout, stderr })).to.equal(2)
    expect(stderr.text).to.equal(
      `usage: manage.ts sendtestemail [options] [email...]\nmanage.ts sendtestemail: error: ${NOBODY}\n`,
    )
    const error = await send([]).catch((thrown: CommandError) => thrown)
    expect(error).to.deep.include({ name: 'CommandError', message: NOBODY })
  })

  it('reports in one sentence why the mail could not be sent, without secrets', async () => {
    const error = await send(['a@example.org'], {
      EMAIL_BACKEND: 'core.mail.backends.smtp.EmailBackend',
      EMAIL_HOST: '127.0.0.1',
      EMAIL_PORT: 1,
      EMAIL_HOST_USER: 'ada',
      EMAIL_HOST_PASSWORD: 'hush',
    }).catch((thrown: CommandError) => thrown)
    expect(error).to.have.property('name', 'CommandError')
    expect(String(error)).to.match(
      /The mail could not be sent: .*ECONNREFUSED.*\nLook at the settings that begin with EMAIL_\.$/,
    )
    expect(String(error)).not.to.contain('hush')
  })
})
