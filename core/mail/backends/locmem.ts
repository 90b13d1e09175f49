/** Keeps mail in memory, in `outbox` of #core/mail, for tests. */
import type { EmailBackend as Backend, OutgoingMail } from '../message.ts'

/** The messages of the locmem backend, in the order in which they were sent. To clear it: `outbox.length = 0`. */
export const outbox: OutgoingMail[] = []

export class EmailBackend implements Backend {
  async sendMessages(messages: readonly OutgoingMail[]): Promise<number> {
    // Messages that could not be sent must also fail in a test.
    for (const message of messages) message.asText()
    outbox.push(...messages)
    return messages.length
  }
}
