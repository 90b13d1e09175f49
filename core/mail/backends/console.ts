/** Writes mail to standard output, for development. */
import type { EmailBackend as Backend, EmailBackendOptions, OutgoingMail } from '../message.ts'

/** The line after each message, as in Django. */
const RULE = '-'.repeat(79)

/** Messages for people: with LF line breaks, and a line after each. */
export const readable = (messages: readonly OutgoingMail[]): string =>
  messages.map((message) => `${message.asText().replaceAll('\r\n', '\n')}\n${RULE}\n`).join('')

export class EmailBackend implements Backend {
  readonly #stream: { write(text: string): unknown }

  constructor({ stream = process.stdout }: EmailBackendOptions = {}) {
    this.#stream = stream
  }

  async sendMessages(messages: readonly OutgoingMail[]): Promise<number> {
    this.#stream.write(readable(messages))
    return messages.length
  }
}
