/** sendtestemail: sends a test email. */
import { hostname } from 'node:os'
import { mailAdmins, mailManagers, sendMail } from '#core/mail'
import { clock, errorCode } from '#core/utils'
import { type ArgumentParser, BaseCommand, CommandError } from '../base.ts'

interface Options {
  readonly email: readonly string[]
  readonly managers?: boolean
  readonly admins?: boolean
}

/** The current time in Python's format: `2026-11-21 11:17:51.123000+00:00`. */
const now = (): string => new Date(clock.now()).toISOString().replace('T', ' ').replace('Z', '000+00:00')

export default class Command extends BaseCommand<Options> {
  readonly help = 'Sends a test email to the email addresses specified as arguments.'
  override readonly missingArgsMessage =
    'You must specify some email recipients, or pass the --managers or --admin options.'

  override addArguments(parser: ArgumentParser): void {
    parser
      .argument('[email...]', 'Addresses to send a test email to.')
      .option('--managers', 'Send one to the addresses in MANAGERS too.')
      .option('--admins', 'Send one to the addresses in ADMINS too.')
  }

  async handle({ email, managers, admins }: Options): Promise<void> {
    if (email.length === 0 && !managers && !admins) throw new CommandError(this.missingArgsMessage)
    const subject = `Test email from ${hostname()} on ${now()}`
    await tellingMailErrors(async () => {
      await sendMail(subject, "If you're reading this, it was successful.", null, email)
      if (managers) this.#expect('MANAGERS', await mailManagers(subject, 'This email was sent to the site managers.'))
      if (admins) this.#expect('ADMINS', await mailAdmins(subject, 'This email was sent to the site admins.'))
    })
  }

  /** An empty setting is not an error, but it is reported. */
  #expect(setting: 'ADMINS' | 'MANAGERS', sent: number): void {
    if (sent === 0) this.stderr.write(`${setting} is empty: nobody was written to.`)
  }
}

/** Rethrows errors of the mail server or the network as CommandError. */
async function tellingMailErrors(send: () => Promise<void>): Promise<void> {
  try {
    await send()
  } catch (cause) {
    if (!(cause instanceof Error) || errorCode(cause) === undefined) throw cause
    throw new CommandError(
      `The mail could not be sent: ${cause.message}\nLook at the settings that begin with EMAIL_.`,
      {
        cause,
      },
    )
  }
}
