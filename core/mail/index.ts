/** Mail: `sendMail`, `sendMassMail`, `mailAdmins`, `mailManagers`, `EmailMessage`, and the interface of the backends. */
import { formatSetting, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { type EmailBackend, EmailMessage, getConnection } from './message.ts'

export {
  type Attachment,
  type EmailBackend,
  type EmailBackendClass,
  type EmailBackendOptions,
  EmailMessage,
  type EmailMessageOptions,
  getConnection,
  type OutgoingMail,
} from './message.ts'
export { BadHeaderError } from '#core/exceptions'
export { outbox } from './backends/locmem.ts'

export interface SendMailOptions {
  /** Returns 0 instead of throwing an error of the mail server. */
  readonly failSilently?: boolean
  /** User name for the SMTP server; EMAIL_HOST_USER by default. */
  readonly authUser?: string
  readonly authPassword?: string
  readonly connection?: EmailBackend
  /** The same content as HTML. */
  readonly html?: string
}

const connectionOf = ({ connection, failSilently = false, authUser, authPassword }: SendMailOptions): EmailBackend =>
  connection ??
  getConnection({
    failSilently,
    ...(authUser !== undefined && { username: authUser }),
    ...(authPassword !== undefined && { password: authPassword }),
  })

/**
 * Sends one message to several recipients, which are all listed in it.
 * @param fromEmail DEFAULT_FROM_EMAIL if null
 * @returns the number of sent messages: 1 or 0
 * @throws BadHeaderError for a subject or an address with a line break, and the errors of the mail server
 */
export function sendMail(
  subject: string,
  body: string,
  fromEmail: string | null,
  to: readonly string[],
  options: SendMailOptions = {},
): Promise<number> {
  const { html } = options
  return new EmailMessage({ subject, body, fromEmail, to, html, connection: connectionOf(options) }).send()
}

/** Sends several messages over one connection. @returns the number of sent messages */
export function sendMassMail(
  mails: readonly (readonly [subject: string, body: string, fromEmail: string | null, to: readonly string[]])[],
  options: Omit<SendMailOptions, 'html'> = {},
): Promise<number> {
  const messages = mails.map(([subject, body, fromEmail, to]) => new EmailMessage({ subject, body, fromEmail, to }))
  return connectionOf(options).sendMessages(messages)
}

/** The addresses in ADMINS or MANAGERS, whose entries are addresses or pairs of a name and an address. */
function addressesOf(name: 'ADMINS' | 'MANAGERS'): string[] {
  return settings[name].map((entry, i) => {
    const address: unknown = Array.isArray(entry) ? entry[1] : entry
    if (typeof address === 'string' && address !== '') return address
    throw new ImproperlyConfigured(
      `${name}[${i}] should be an address, or a pair of a name and an address, found ${formatSetting(entry)}.`,
    )
  })
}

async function mailPeople(
  name: 'ADMINS' | 'MANAGERS',
  subject: string,
  body: string,
  options: SendMailOptions,
): Promise<number> {
  const to = addressesOf(name)
  if (to.length === 0) return 0
  return sendMail(settings.EMAIL_SUBJECT_PREFIX + subject, body, settings.SERVER_EMAIL, to, options)
}

/** Sends a message from SERVER_EMAIL to ADMINS. */
export const mailAdmins = (subject: string, body: string, options: SendMailOptions = {}): Promise<number> =>
  mailPeople('ADMINS', subject, body, options)

/** Sends a message from SERVER_EMAIL to MANAGERS. */
export const mailManagers = (subject: string, body: string, options: SendMailOptions = {}): Promise<number> =>
  mailPeople('MANAGERS', subject, body, options)
