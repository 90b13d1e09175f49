/** A message with its level and tags, its JSON format, which is Django's, and the interface of a message storage. */
import type { Response } from 'koa'
import { settings } from '#core/conf'
import type { HttpRequest } from '#core/http'
import { stringifyJson } from '#core/serialization'
import { markSafe, SafeString } from '#core/template'
import { DEFAULT_TAGS } from './constants.ts'

/** A message for views and templates. Templates render its text, escaped unless it is marked as safe HTML. */
export interface Message {
  readonly level: number
  readonly message: string | SafeString
  /** Null if none were given; an empty string is stored as such. */
  readonly extraTags: string | null
  /** The tag of the level; empty if it has none. */
  readonly levelTag: string
  /** The extra tags and the level's tag, for a class attribute. */
  readonly tags: string
  toString(): string
}

function tagOf(level: number): string {
  const own = settings.MESSAGE_TAGS[level]
  return typeof own === 'string' ? own : (DEFAULT_TAGS[level] ?? '')
}

const tagsOf = ({ extraTags, levelTag }: Message): string =>
  [extraTags, levelTag].filter((tag) => tag !== null && tag !== '').join(' ')

class PlainMessage implements Message {
  readonly level: number
  readonly message: string
  readonly extraTags: string | null

  constructor(level: number, message: string, extraTags: string | null) {
    this.level = level
    this.message = message
    this.extraTags = extraTags
  }

  get levelTag(): string {
    return tagOf(this.level)
  }

  get tags(): string {
    return tagsOf(this)
  }

  toString(): string {
    return this.message
  }
}

/** A message whose text is safe HTML. It is a SafeString, so that templates do not escape it. */
class HtmlMessage extends SafeString implements Message {
  readonly level: number
  readonly message: SafeString
  readonly extraTags: string | null

  constructor(level: number, message: SafeString, extraTags: string | null) {
    super(message.toString())
    this.level = level
    this.message = message
    this.extraTags = extraTags
  }

  get levelTag(): string {
    return tagOf(this.level)
  }

  get tags(): string {
    return tagsOf(this)
  }
}

export function createMessage(level: number, text: string | SafeString, extraTags: string | null = ''): Message {
  return text instanceof SafeString ? new HtmlMessage(level, text, extraTags) : new PlainMessage(level, text, extraTags)
}

// Messages as JSON, byte for byte as Django stores them: `["__json_message", 0, 20, "text", "extra tags"]`. The second
// item is 1 if the text is safe HTML; the last one is absent if there are no extra tags.

const MESSAGE = '__json_message'

/** The last item of a list whose remaining messages are in the next storage. */
export const NOT_FINISHED = '__messagesnotfinished__'

export type Element = readonly [typeof MESSAGE, 0 | 1, number, string, string?]

export function elementOf({ message, level, extraTags }: Message): Element {
  const element = [MESSAGE, message instanceof SafeString ? 1 : 0, level, message.toString()] as const
  return extraTags === null ? element : [...element, extraTags]
}

function isElement(value: unknown): value is Element {
  if (!Array.isArray(value) || value.length < 4 || value.length > 5) return false
  const [mark, , level, text, extraTags] = value as unknown[]
  if (mark !== MESSAGE || typeof level !== 'number' || typeof text !== 'string') return false
  return extraTags === undefined || extraTags === null || typeof extraTags === 'string'
}

function messageOf([, safe, level, text, extraTags]: Element): Message {
  return createMessage(level, safe ? markSafe(text) : text, extraTags ?? null)
}

export interface StoredMessages {
  readonly messages: Message[]
  /** False if the next storage has further messages. */
  readonly complete: boolean
}

/** Decodes a stored list of messages; undefined if it is invalid. */
export function messagesFrom(stored: unknown): StoredMessages | undefined {
  if (!Array.isArray(stored)) return undefined
  const complete = stored.at(-1) !== NOT_FINISHED
  const elements: unknown[] = complete ? stored : stored.slice(0, -1)
  return elements.every(isElement) ? { messages: elements.map(messageOf), complete } : undefined
}

/** The JSON string in a session, in Python's default format with spaces after commas. */
export function sessionText(messages: readonly Message[]): string {
  const elements = messages.map(
    (message) =>
      `[${elementOf(message)
        .map((part) => stringifyJson(part))
        .join(', ')}]`,
  )
  return `[${elements.join(', ')}]`
}

/** The result of reading a storage. */
export interface Retrieved {
  /** Undefined if the storage has no data, so that further storages need not be read. */
  readonly messages: readonly Message[] | undefined
  /** False if the next storage has further messages. */
  readonly complete: boolean
  /** Whether the stored data is invalid and should be removed. */
  readonly broken?: boolean
}

/** A message storage. The class that MESSAGE_STORAGE names is instantiated for each request. */
export interface MessageStorage {
  retrieve(): Retrieved
  /**
   * Replaces the stored messages; an empty list clears the storage.
   * @param keep which messages to keep if there is not enough room
   * @returns the messages that were not stored
   */
  store(messages: readonly Message[], response: Response, keep?: 'newest' | 'oldest'): readonly Message[]
}

export type MessageStorageClass = new (request: HttpRequest) => MessageStorage
