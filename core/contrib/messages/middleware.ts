/** The stored and new messages of a request, and the middleware that loads and stores them. */
import type { Middleware, Response } from 'koa'
import { classWith, loadedFromSettings, loadNamed, settings } from '#core/conf'
import { errorStatus, type HttpRequest } from '#core/http'
import type { SafeString } from '#core/template'
import { altersData } from '#core/utils'
import { createMessage, type Message, type MessageStorage, type MessageStorageClass } from './message.ts'

/** Iterating marks the messages as read, so that they are removed with this response. Reading the size does not. */
export class Messages implements Iterable<Message> {
  readonly #storage: MessageStorage
  #retrieved: Message[] | undefined
  #queued: Message[] = []
  #isRead = false
  #isAdded = false
  /** Minimum level; MESSAGE_LEVEL if undefined. */
  #level: number | undefined

  constructor(storage: MessageStorage) {
    this.#storage = storage
  }

  get level(): number {
    return this.#level ?? settings.MESSAGE_LEVEL
  }

  /** Undefined resets the level to MESSAGE_LEVEL. */
  set level(level: number | undefined) {
    this.#level = level
  }

  get size(): number {
    return this.#loaded().length + this.#queued.length
  }

  get length(): number {
    return this.size
  }

  [Symbol.iterator](): IterableIterator<Message> {
    const messages = this.#loaded()
    this.#isRead = true
    messages.push(...this.#queued)
    this.#queued = []
    return messages.values()
  }

  /** Ignores an empty text and levels below the minimum. */
  add(level: number, text: string | SafeString, extraTags = ''): void {
    if (text.length === 0 || level < this.level) return
    this.#isAdded = true
    this.#queued.push(createMessage(level, text, extraTags))
  }

  /**
   * Stores unread messages for the next request.
   * @returns the messages that were not stored
   */
  store(response: Response): readonly Message[] {
    if (this.#isRead) return this.#storage.store(this.#queued, response)
    if (!this.#isAdded) return []
    return this.#storage.store([...this.#loaded(), ...this.#queued], response)
  }

  #loaded(): Message[] {
    if (this.#retrieved === undefined) {
      const { messages, broken } = this.#storage.retrieve()
      this.#retrieved = [...(messages ?? [])]
      // Clears the invalid data when messages are stored.
      if (broken) this.#isRead = true
    }
    return this.#retrieved
  }
}

altersData(Messages.prototype, ['add', 'store'])

const MESSAGES = Symbol('nuages.messages')

type Holder = HttpRequest & { [MESSAGES]?: Messages }

/** The messages of a request; undefined without the middleware. */
export const messagesOf = (request: HttpRequest): Messages | undefined => (request as Holder)[MESSAGES]

/** Sets the messages of a request. */
function setMessages(request: HttpRequest, messages: Messages): void {
  ;(request as Holder)[MESSAGES] = messages
}

const storageClass = loadedFromSettings('MESSAGE_STORAGE', () =>
  loadNamed('MESSAGE_STORAGE', settings.MESSAGE_STORAGE, classWith<MessageStorageClass>('retrieve', 'store')),
)

/** The middleware for MIDDLEWARE. */
export function MessageMiddleware(): Middleware {
  const Storage = storageClass()
  return async function messages({ request, response }, next) {
    const ofRequest = new Messages(new Storage(request))
    setMessages(request, ofRequest)
    try {
      await next()
    } catch (error) {
      // The response to the error is created by an outer middleware. The next page shows the messages.
      if (errorStatus(request, error) < 500) ofRequest.store(response)
      throw error
    }
    const left = ofRequest.store(response)
    if (left.length === 0 || !settings.DEBUG) return
    throw new Error(
      `Not all temporary messages could be stored: ${settings.MESSAGE_STORAGE} has no room for ${left.length} of them.` +
        " 'core.contrib.messages.storage.fallback.FallbackStorage' keeps the rest in the session.",
    )
  }
}
