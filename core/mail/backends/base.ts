/** The contract of a mail backend: what EMAIL_BACKEND names. */

/** A message as a backend sees it. */
export interface OutgoingMail {
  readonly subject: string
  readonly body: string
  readonly html: string | undefined
  readonly fromEmail: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
  readonly replyTo: readonly string[]
  /** Everybody who gets it. */
  recipients(): string[]
  /** Who the mail server is told that it comes from and goes to. @throws BadHeaderError */
  envelope(): { from: string; to: string[] }
  /** As it goes over the wire, lines ended by CR LF. @throws BadHeaderError */
  asText(): string
}

/** Each backend takes what concerns it; what is absent comes from the settings. */
export interface EmailBackendOptions {
  /** Mail that cannot be sent is no error. */
  readonly failSilently?: boolean
  readonly host?: string
  readonly port?: number
  readonly username?: string
  readonly password?: string
  readonly useTls?: boolean
  readonly useSsl?: boolean
  /** Seconds. */
  readonly timeout?: number | null
  /** Folder of the file backend. */
  readonly filePath?: string
  /** Where the console backend writes. */
  readonly stream?: { write(text: string): unknown }
}

export interface EmailBackend {
  /** Sends messages over one connection, and says how many were sent. One without recipients is passed over. */
  sendMessages(messages: readonly OutgoingMail[]): Promise<number>
}

export type EmailBackendClass = new (options: EmailBackendOptions) => EmailBackend
