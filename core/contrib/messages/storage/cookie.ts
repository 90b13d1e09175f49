/** Stores messages in a signed cookie. */
import type { Response } from 'koa'
import { settings } from '#core/conf'
import { type HttpRequest, makePrivate, patchVaryHeaders } from '#core/http'
import { getCookieSigner, type TimestampSigner } from '#core/signing'
import { quoteCookie } from '#core/web'
import {
  elementOf,
  type Message,
  messagesFrom,
  type MessageStorage,
  NOT_FINISHED,
  type Retrieved,
  type StoredMessages,
} from '../message.ts'

const COOKIE = 'messages'

/** Maximum bytes of the quoted cookie value. Browsers allow 4096 for a cookie with all its attributes. */
const MAX_COOKIE_SIZE = 2048

const signer = (): TimestampSigner => getCookieSigner('django.contrib.messages')

const seal = (elements: readonly unknown[]): string => signer().signObject(elements, { compress: true })

const isTooLarge = (value: string): boolean => quoteCookie(value).length > MAX_COOKIE_SIZE

/** Encodes messages as the value of the cookie. */
export const encodeCookie = (messages: readonly Message[]): string => seal(messages.map(elementOf))

/** Decodes the value of the cookie; undefined if its signature or content is invalid. */
export function decodeCookie(value: string): StoredMessages | undefined {
  try {
    return messagesFrom(signer().unsignObject(value))
  } catch {
    // Forged, truncated, signed with an old SECRET_KEY, or not JSON.
    return undefined
  }
}

/** Binary search for the largest number below `count` for which the monotonic `fits` is true; 0 is not tested. */
function largestFitting(count: number, fits: (number: number) => boolean): number {
  let [least, beyond] = [0, count]
  while (least + 1 < beyond) {
    const middle = Math.floor((least + beyond) / 2)
    if (fits(middle)) least = middle
    else beyond = middle
  }
  return least
}

/** Encodes as many messages as fit in the cookie. @returns its value and the messages that are left */
export function fitCookie(
  messages: readonly Message[],
  keep: 'newest' | 'oldest' = 'newest',
): { value: string; left: readonly Message[] } {
  const value = encodeCookie(messages)
  if (!isTooLarge(value)) return { value, left: [] }
  const elements = messages.map(elementOf)
  const first = (kept: number): number => (keep === 'newest' ? elements.length - kept : 0)
  const valueOf = (kept: number): string => seal([...elements.slice(first(kept), first(kept) + kept), NOT_FINISHED])
  const kept = largestFitting(messages.length, (number) => !isTooLarge(valueOf(number)))
  const left = keep === 'newest' ? messages.slice(0, messages.length - kept) : messages.slice(kept)
  return { value: valueOf(kept), left }
}

export class CookieStorage implements MessageStorage {
  readonly #request: HttpRequest

  constructor(request: HttpRequest) {
    this.#request = request
  }

  retrieve(): Retrieved {
    const value = this.#request.COOKIES[COOKIE]
    if (value === undefined || value === '') return { messages: undefined, complete: true }
    return decodeCookie(value) ?? { messages: undefined, complete: true, broken: true }
  }

  store(messages: readonly Message[], response: Response, keep?: 'newest' | 'oldest'): readonly Message[] {
    const { SESSION_COOKIE_DOMAIN: domain, SESSION_COOKIE_SAMESITE: samesite } = settings
    if (messages.length === 0 && !(COOKIE in this.#request.COOKIES)) return []
    // Messages are private, so shared caches must not store this response.
    patchVaryHeaders(response, ['Cookie'])
    makePrivate(response)
    if (messages.length === 0) {
      response.deleteCookie(COOKIE, { domain, samesite })
      return []
    }
    const { value, left } = fitCookie(messages, keep)
    response.setCookie(COOKIE, value, {
      domain,
      samesite,
      secure: settings.SESSION_COOKIE_SECURE,
      httponly: settings.SESSION_COOKIE_HTTPONLY,
    })
    return left
  }
}
