/** Mail backends that fail, or that wait until a test lets them send. */
import { type EmailBackend, outbox, type OutgoingMail } from '#core/mail'

export class FailingBackend implements EmailBackend {
  sendMessages(): Promise<number> {
    return Promise.reject(new Error('The mail server refused the mail.'))
  }
}

export class ThrowingBackend implements EmailBackend {
  sendMessages(): Promise<number> {
    throw new Error('The mail server cannot be found.')
  }
}

let release: (() => void) | undefined

/** Lets the waiting mails be sent. */
export const releaseMails = (): void => release?.()

export class WaitingBackend implements EmailBackend {
  async sendMessages(messages: readonly OutgoingMail[]): Promise<number> {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    outbox.push(...messages)
    return messages.length
  }
}
