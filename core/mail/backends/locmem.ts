/** Mail that stays in this process, in `outbox` of #core/mail: for tests. */
import { outbox } from '../outbox.ts'
import type { EmailBackend as Backend, OutgoingMail } from './base.ts'

export class EmailBackend implements Backend {
  async sendMessages(messages: readonly OutgoingMail[]): Promise<number> {
    // What could not be sent shall fail in a test, too.
    for (const message of messages) message.asText()
    outbox.push(...messages)
    return messages.length
  }
}
