/** Discards mail. */
import type { EmailBackend as Backend, OutgoingMail } from '../message.ts'

export class EmailBackend implements Backend {
  async sendMessages(messages: readonly OutgoingMail[]): Promise<number> {
    return messages.length
  }
}
