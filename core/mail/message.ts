/** A mail message, the interface of a mail backend, and the backend that EMAIL_BACKEND names. */
import { hostname } from 'node:os'
import { classWith, loadedFromSettings, loadNamed, settings } from '#core/conf'
import { clock, randomString } from '#core/utils'
import {
  addressList,
  bareAddress,
  filePart,
  multipart,
  type Part,
  partText,
  refuseLineBreaks,
  textHeader,
  textPart,
} from './mime.ts'

const backendClass = loadedFromSettings('EMAIL_BACKEND', () =>
  loadNamed('EMAIL_BACKEND', settings.EMAIL_BACKEND, classWith<EmailBackendClass>('sendMessages')),
)

/** A backend to send mail with; by default of the class that EMAIL_BACKEND names. */
export function getConnection(
  options: EmailBackendOptions & { readonly backend?: EmailBackendClass } = {},
): EmailBackend {
  const { backend = backendClass(), ...rest } = options
  return new backend(rest)
}

export interface Attachment {
  readonly filename: string
  readonly content: string | Uint8Array
  /** Content type; `application/octet-stream` by default. */
  readonly type?: string
}

export interface EmailMessageOptions {
  readonly subject?: string
  /** Plain text. */
  readonly body?: string
  /** The same content as HTML. */
  readonly html?: string | undefined
  /** Sender; DEFAULT_FROM_EMAIL by default. */
  readonly fromEmail?: string | null | undefined
  readonly to?: readonly string[]
  readonly cc?: readonly string[]
  /** Recipients that are not listed in the headers. */
  readonly bcc?: readonly string[]
  readonly replyTo?: readonly string[]
  /** Additional headers, which replace default ones of the same name. */
  readonly headers?: Readonly<Record<string, string>>
  readonly attachments?: readonly Attachment[]
  /** The backend to send with; by default that of EMAIL_BACKEND. */
  readonly connection?: EmailBackend | undefined
}

export class EmailMessage implements OutgoingMail {
  readonly subject: string
  readonly body: string
  readonly html: string | undefined
  readonly fromEmail: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
  readonly replyTo: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly attachments: readonly Attachment[]
  readonly connection: EmailBackend | undefined

  constructor(options: EmailMessageOptions = {}) {
    const { subject = '', body = '', html, fromEmail, to = [], cc = [], bcc = [], replyTo = [] } = options
    for (const [name, list] of Object.entries({ to, cc, bcc, replyTo })) {
      if (!Array.isArray(list))
        throw new TypeError(`\`${name}\` of a mail should be a list of addresses, found a single value.`)
    }
    this.subject = subject
    this.body = body
    this.html = html
    this.fromEmail = fromEmail || settings.DEFAULT_FROM_EMAIL
    this.to = to
    this.cc = cc
    this.bcc = bcc
    this.replyTo = replyTo
    this.headers = options.headers ?? {}
    this.attachments = options.attachments ?? []
    this.connection = options.connection
  }

  /** All recipients. */
  recipients(): string[] {
    return [...this.to, ...this.cc, ...this.bcc].filter((address) => address !== '')
  }

  /** The sender and the recipients of the SMTP envelope. @throws BadHeaderError for an address with a line break */
  envelope(): { from: string; to: string[] } {
    for (const address of [this.fromEmail, ...this.recipients()]) refuseLineBreaks('To', address)
    return { from: bareAddress(this.fromEmail), to: this.recipients().map(bareAddress) }
  }

  /**
   * The message in the Internet Message Format (RFC 5322), with CR LF line breaks.
   * @throws BadHeaderError for a header with a line break
   */
  asText(): string {
    const { headers, body } = this.#content()
    return partText({ headers: [...this.#headers(), ['MIME-Version', '1.0'], ...headers], body })
  }

  /** Sends the message. @returns 1 if it was sent, 0 if it has no recipients or an error was ignored */
  async send({ failSilently = false }: { failSilently?: boolean } = {}): Promise<number> {
    if (this.recipients().length === 0) return 0
    return (this.connection ?? getConnection({ failSilently })).sendMessages([this])
  }

  #headers(): (readonly [string, string])[] {
    const own = new Map(
      Object.entries(this.headers).map(([name, value]) => [name.toLowerCase(), textHeader(name, value)]),
    )
    const addresses = { From: [this.fromEmail], To: this.to, Cc: this.cc, 'Reply-To': this.replyTo }
    const usual: (readonly [string, string])[] = [textHeader('Subject', this.subject)]
    for (const [name, list] of Object.entries(addresses)) {
      for (const address of list) refuseLineBreaks(name, address)
      if (list.length > 0) usual.push([name, addressList(list)])
    }
    usual.push(['Date', new Date(clock.now()).toUTCString().replace('GMT', '+0000')])
    usual.push(['Message-ID', `<${Math.floor(clock.now())}.${randomString(20)}@${hostname() || 'localhost'}>`])
    return [...usual.filter(([name]) => !own.has(name.toLowerCase())), ...own.values()]
  }

  #content(): Part {
    const text = textPart(this.body, 'plain')
    const boundary = (): string => `==${randomString(24)}==`
    const readable =
      this.html === undefined ? text : multipart('alternative', [text, textPart(this.html, 'html')], boundary())
    if (this.attachments.length === 0) return readable
    const files = this.attachments.map(({ filename, content, type = 'application/octet-stream' }) => {
      refuseLineBreaks('Content-Disposition', filename)
      refuseLineBreaks('Content-Type', type)
      return filePart(filename, content, type)
    })
    return multipart('mixed', [readable, ...files], boundary())
  }
}

/** A message for a backend. */
export interface OutgoingMail {
  readonly subject: string
  readonly body: string
  readonly html: string | undefined
  readonly fromEmail: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
  readonly replyTo: readonly string[]
  /** All recipients. */
  recipients(): string[]
  /** The sender and the recipients of the SMTP envelope. @throws BadHeaderError for an address with a line break */
  envelope(): { from: string; to: string[] }
  /** The message in the Internet Message Format, with CR LF line breaks. @throws BadHeaderError for a header with a line break */
  asText(): string
}

/** Each backend uses the options that concern it. Options that are absent come from the settings. */
export interface EmailBackendOptions {
  /** Ignores errors of the mail server. */
  readonly failSilently?: boolean
  readonly host?: string
  readonly port?: number
  readonly username?: string
  readonly password?: string
  readonly useTls?: boolean
  readonly useSsl?: boolean
  /** Seconds; null for no timeout. */
  readonly timeout?: number | null
  /** Directory of the file backend. */
  readonly filePath?: string
  /** The stream that the console backend writes to. */
  readonly stream?: { write(text: string): unknown }
}

export interface EmailBackend {
  /** Sends messages over one connection. Those without recipients are skipped. @returns how many were sent */
  sendMessages(messages: readonly OutgoingMail[]): Promise<number>
}

export type EmailBackendClass = new (options: EmailBackendOptions) => EmailBackend
