/** `sendMail` and its siblings: mail in one call. */
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue } from '#core/utils'
import type { EmailBackend } from './backends/base.ts'
import { EmailMessage, getConnection } from './message.ts'

export interface SendMailOptions {
  /** Answers 0 where it would throw. */
  readonly failSilently?: boolean
  /** User at the SMTP server; EMAIL_HOST_USER when absent. */
  readonly authUser?: string
  readonly authPassword?: string
  readonly connection?: EmailBackend
  /** The same text in HTML, for readers that show it. */
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
 * Sends one mail to some people, who all see each other's addresses.
 * @param fromEmail DEFAULT_FROM_EMAIL when null
 * @returns how many mails were sent: 1 or 0
 * @throws BadHeaderError when the subject or an address holds a line break; whatever the mail server says
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

/** Sends several mails over one connection. */
export function sendMassMail(
  mails: readonly (readonly [subject: string, body: string, fromEmail: string | null, to: readonly string[]])[],
  options: Omit<SendMailOptions, 'html'> = {},
): Promise<number> {
  const messages = mails.map(([subject, body, fromEmail, to]) => new EmailMessage({ subject, body, fromEmail, to }))
  return connectionOf(options).sendMessages(messages)
}

/** The addresses in ADMINS or MANAGERS: addresses, or pairs of name and address. */
function addressesOf(name: 'ADMINS' | 'MANAGERS'): string[] {
  return settings[name].map((entry, i) => {
    const address: unknown = Array.isArray(entry) ? entry[1] : entry
    if (typeof address === 'string' && address !== '') return address
    throw new ImproperlyConfigured(
      `${name}[${i}] should be an address, or a pair of a name and an address, found ${formatValue(entry)}.`,
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

/** Sends a mail to ADMINS, from SERVER_EMAIL. */
export const mailAdmins = (subject: string, body: string, options: SendMailOptions = {}): Promise<number> =>
  mailPeople('ADMINS', subject, body, options)

/** Sends a mail to MANAGERS, from SERVER_EMAIL. */
export const mailManagers = (subject: string, body: string, options: SendMailOptions = {}): Promise<number> =>
  mailPeople('MANAGERS', subject, body, options)
