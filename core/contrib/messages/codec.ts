/**
 * Messages as JSON, byte for byte as Django stores them: `["__json_message", 0, 20, "text", "extra tags"]`, the second
 * entry 1 where the text is HTML, the last one absent where there are no extra tags at all.
 */
import { markSafe, SafeString } from '#core/template'
import { stringifyJson } from '#core/utils'
import { createMessage, type Message } from './message.ts'

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
