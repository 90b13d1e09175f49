/** A message with its level and tags, its JSON form as Django stores it, and the contract of a message storage. */
import type { Response } from 'koa'
import { settings } from '#core/conf'
import type { HttpRequest } from '#core/http'
import { stringifyJson } from '#core/serialization'
import { markSafe, SafeString } from '#core/template'
import { DEFAULT_TAGS } from './constants.ts'

/** A message as views and templates see it. Printed, it is its text: escaped, unless the text was marked as HTML. */
export interface Message {
  readonly level: number
  readonly message: string | SafeString
  /** Null where the writer named none; an empty text is stored as such. */
  readonly extraTags: string | null
  /** The tag of the level: empty for a level that has none. */
  readonly levelTag: string
  /** The extra tags, then that of the level: ready for a class attribute. */
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

/** A message whose text is HTML is HTML itself, so that a template prints it as it is. */
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

// Messages as JSON, byte for byte as Django stores them: `["__json_message", 0, 20, "text", "extra tags"]`, the second
// entry 1 where the text is HTML, the last one absent where there are no extra tags at all.

const MESSAGE = '__json_message'

/** Stands at the end of a list of which another place keeps the rest. */
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
  /** False where another place keeps the rest. */
  readonly complete: boolean
}

/** The messages of a list as it was stored; undefined where it is no such list. */
export function messagesFrom(stored: unknown): StoredMessages | undefined {
  if (!Array.isArray(stored)) return undefined
  const complete = stored.at(-1) !== NOT_FINISHED
  const elements: unknown[] = complete ? stored : stored.slice(0, -1)
  return elements.every(isElement) ? { messages: elements.map(messageOf), complete } : undefined
}

/** The text that a session keeps: Python's usual JSON, with blanks after commas. */
export function sessionText(messages: readonly Message[]): string {
  const elements = messages.map(
    (message) =>
      `[${elementOf(message)
        .map((part) => stringifyJson(part))
        .join(', ')}]`,
  )
  return `[${elements.join(', ')}]`
}

/** What a storage had for a request. */
export interface Retrieved {
  /** Undefined where the storage holds nothing at all, so that no other needs to be asked for a rest. */
  readonly messages: readonly Message[] | undefined
  /** Whether these are all: false where the next storage has the rest. */
  readonly complete: boolean
  /** Whether what was held could not be read, and should be taken away. */
  readonly broken?: boolean
}

/** Made for each request by the class that MESSAGE_STORAGE names. */
export interface MessageStorage {
  retrieve(): Retrieved
  /**
   * Keeps exactly these messages; none empties the storage.
   * @param keep which ones to prefer where there is no room for all
   * @returns those that found no room
   */
  store(messages: readonly Message[], response: Response, keep?: 'newest' | 'oldest'): readonly Message[]
}

export type MessageStorageClass = new (request: HttpRequest) => MessageStorage
