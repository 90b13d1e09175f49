/** Stores messages in a cookie, and those that do not fit in the session. */
import type { Response } from 'koa'
import type { HttpRequest } from '#core/http'
import type { Message, MessageStorage, Retrieved } from '../message.ts'
import { CookieStorage } from './cookie.ts'
import { SessionStorage } from './session.ts'

export class FallbackStorage implements MessageStorage {
  readonly #storages: readonly MessageStorage[]
  /** Storages with data from earlier requests. */
  readonly #filled = new Set<MessageStorage>()

  /** @throws ImproperlyConfigured if the request has no session */
  constructor(
    request: HttpRequest,
    storages: readonly MessageStorage[] = [new CookieStorage(request), new SessionStorage(request)],
  ) {
    this.#storages = storages
  }

  retrieve(): Retrieved {
    const all: Message[] = []
    let isBroken = false
    for (const storage of this.#storages) {
      const { messages, complete, broken = false } = storage.retrieve()
      isBroken ||= broken
      if (broken || (messages !== undefined && (messages.length > 0 || !complete))) this.#filled.add(storage)
      // A storage without data has not overflowed to the next, so the session is not accessed.
      if (messages === undefined) break
      all.push(...messages)
      if (complete) break
    }
    return { messages: all, complete: true, broken: isBroken }
  }

  store(messages: readonly Message[], response: Response): readonly Message[] {
    let left = messages
    for (const storage of this.#storages) {
      if (left.length > 0) left = storage.store(left, response, 'oldest')
      else if (this.#filled.delete(storage)) storage.store([], response)
    }
    return left
  }
}
