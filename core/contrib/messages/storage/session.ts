/** Keeps messages in the visitor's session. */
import type { HttpRequest } from '#core/http'
import { parseJson } from '#core/utils'
import { messagesFrom, sessionText } from '../codec.ts'
import type { Message } from '../message.ts'
import { requireSession, type MessageSession } from '../session.ts'
import type { MessageStorage, Retrieved } from './base.ts'

const KEY = '_messages'

export class SessionStorage implements MessageStorage {
  readonly #session: MessageSession

  /** @throws ImproperlyConfigured where the request has no session */
  constructor(request: HttpRequest) {
    this.#session = requireSession(request)
  }

  retrieve(): Retrieved {
    const stored = this.#session.get(KEY)
    return { messages: typeof stored === 'string' ? readText(stored) : undefined, complete: true }
  }

  store(messages: readonly Message[]): readonly Message[] {
    if (messages.length > 0) this.#session.set(KEY, sessionText(messages))
    else this.#session.remove(KEY)
    return []
  }
}

/** What another program left there and is no list of messages counts as none. */
function readText(text: string): readonly Message[] | undefined {
  try {
    return messagesFrom(parseJson(text))?.messages
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
