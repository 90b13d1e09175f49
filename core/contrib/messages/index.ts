/** Messages from a view to the user, shown on this page or the next: `messages.success(request, 'Saved.')`. */
import { ImproperlyConfigured } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { SafeString } from '#core/template'
import { formatValue } from '#core/utils'
import * as constants from './constants.ts'
import type { Message } from './message.ts'
import { messagesOf } from './middleware.ts'

export * as constants from './constants.ts'
export type { Message, MessageStorage, MessageStorageClass, Retrieved } from './message.ts'
export type { Messages } from './middleware.ts'

/** The request has no messages, because MessageMiddleware is not in MIDDLEWARE. */
export class MessageFailure extends ImproperlyConfigured {
  override readonly name = 'MessageFailure'
}

export interface MessageOptions {
  /** Tags before the level's own tag, separated by spaces. */
  readonly extraTags?: string
  /** Whether to drop the message instead of throwing if the middleware is missing. */
  readonly failSilently?: boolean
}

/**
 * Adds a message, unless its level is below the minimum level of the request or its text is empty.
 * @param text escaped by templates, unless it is marked with `markSafe()`
 * @throws MessageFailure
 */
export function addMessage(
  request: HttpRequest,
  level: number,
  text: string | SafeString,
  { extraTags = '', failSilently = false }: MessageOptions = {},
): void {
  if (!Number.isSafeInteger(level)) {
    throw new TypeError(`The level of a message should be a whole number, found ${formatValue(level)}.`)
  }
  if (typeof text !== 'string' && !(text instanceof SafeString)) {
    throw new TypeError(`The text of a message should be a text, found ${formatValue(text)}.`)
  }
  const messages = messagesOf(request)
  if (messages !== undefined) messages.add(level, text, extraTags)
  else if (!failSilently) {
    throw new MessageFailure(
      "Messages need a line in MIDDLEWARE: 'core.contrib.messages.middleware.MessageMiddleware'," +
        " below 'core.contrib.sessions.middleware.SessionMiddleware'.",
    )
  }
}

/** The messages of a request. Iterating over them marks them as read. */
export function getMessages(request: HttpRequest): Iterable<Message> & { readonly length: number } {
  return messagesOf(request) ?? []
}

/** The minimum level of messages for this request. */
export function getLevel(request: HttpRequest): number {
  return messagesOf(request)?.level ?? constants.INFO
}

/** Sets the minimum level for this request; null resets it to MESSAGE_LEVEL. @returns false without the middleware */
export function setLevel(request: HttpRequest, level: number | null): boolean {
  const messages = messagesOf(request)
  if (messages !== undefined) messages.level = level ?? undefined
  return messages !== undefined
}

type AddAt = (request: HttpRequest, text: string | SafeString, options?: MessageOptions) => void

const addsAt =
  (level: number): AddAt =>
  (request, text, options) =>
    addMessage(request, level, text, options)

export const debug = addsAt(constants.DEBUG)
export const info = addsAt(constants.INFO)
export const success = addsAt(constants.SUCCESS)
export const warning = addsAt(constants.WARNING)
export const error = addsAt(constants.ERROR)

/** The same functions and levels as one object, for views. */
export const messages = {
  addMessage,
  getMessages,
  getLevel,
  setLevel,
  debug,
  info,
  success,
  warning,
  error,
  ...constants.DEFAULT_LEVELS,
} as const
