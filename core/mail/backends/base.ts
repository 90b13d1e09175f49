/** The interface of a mail backend, which EMAIL_BACKEND names. */

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
