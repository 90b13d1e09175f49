/** Sends mail by SMTP with nodemailer, as EMAIL_HOST and related settings specify. */
import { namedBy, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { importPackage } from '#core/utils'
import type { EmailBackend as Backend, EmailBackendOptions, OutgoingMail } from '../message.ts'

type Nodemailer = typeof import('nodemailer')

export class EmailBackend implements Backend {
  readonly #options: EmailBackendOptions

  constructor(options: EmailBackendOptions = {}) {
    this.#options = options
    if (this.#useTls && this.#useSsl) {
      throw new ImproperlyConfigured('EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other: set one of them to false.')
    }
  }

  get #useTls(): boolean {
    return this.#options.useTls ?? settings.EMAIL_USE_TLS
  }

  get #useSsl(): boolean {
    return this.#options.useSsl ?? settings.EMAIL_USE_SSL
  }

  /** Options of nodemailer. */
  #connection(): object {
    const { host, port, username, password, timeout } = this.#options
    const user = username ?? settings.EMAIL_HOST_USER
    const seconds = timeout === undefined ? settings.EMAIL_TIMEOUT : timeout
    const wait = seconds === null ? {} : Object.fromEntries(TIMEOUTS.map((name) => [name, seconds * 1000]))
    return {
      host: host ?? settings.EMAIL_HOST,
      port: port ?? settings.EMAIL_PORT,
      secure: this.#useSsl,
      // As in Django, STARTTLS is used only if it is set, and then there is no fallback to an unencrypted connection.
      requireTLS: this.#useTls,
      ignoreTLS: !this.#useTls && !this.#useSsl,
      ...(user !== '' && { auth: { user, pass: password ?? settings.EMAIL_HOST_PASSWORD } }),
      ...wait,
      pool: true,
      maxConnections: 1,
    }
  }

  async sendMessages(messages: readonly OutgoingMail[]): Promise<number> {
    const outgoing = messages.filter((message) => message.recipients().length > 0)
    if (outgoing.length === 0) return 0
    const { createTransport } = await importPackage<Nodemailer>('nodemailer', namedBy('EMAIL_BACKEND'))
    const transport = createTransport(this.#connection())
    let sent = 0
    try {
      for (const message of outgoing) {
        try {
          await transport.sendMail({ envelope: message.envelope(), raw: message.asText() })
          sent += 1
        } catch (error) {
          if (this.#options.failSilently !== true) throw error
        }
      }
    } finally {
      transport.close()
    }
    return sent
  }
}

const TIMEOUTS = ['connectionTimeout', 'greetingTimeout', 'socketTimeout']
