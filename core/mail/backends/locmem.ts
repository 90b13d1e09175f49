/** Mail that stays in this process, in `outbox` of #core/mail: for tests. */
import type { EmailBackend as Backend, OutgoingMail } from './base.ts'

// Where the locmem backend puts what it is given to send, for tests to read.

/** The messages of the locmem backend, in the order sent. A test empties it: `outbox.length = 0`. */
export const outbox: OutgoingMail[] = []

export class EmailBackend implements Backend {
  async sendMessages(messages: readonly OutgoingMail[]): Promise<number> {
    // What could not be sent shall fail in a test, too.
    for (const message of messages) message.asText()
    outbox.push(...messages)
    return messages.length
  }
}
