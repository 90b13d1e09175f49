/** Keeps messages in a signed cookie of the visitor. */
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

/** Bytes of the cookie's value as it stands in the header. Browsers allow 4096 for a cookie with all its attributes. */
const MAX_COOKIE_SIZE = 2048

const signer = (): TimestampSigner => getCookieSigner('django.contrib.messages')

const seal = (elements: readonly unknown[]): string => signer().signObject(elements, { compress: true })

const isTooLarge = (value: string): boolean => quoteCookie(value).length > MAX_COOKIE_SIZE

/** The cookie's value for some messages. */
export const encodeCookie = (messages: readonly Message[]): string => seal(messages.map(elementOf))

/** The messages of a cookie's value; undefined where it was not made by us. */
export function decodeCookie(value: string): StoredMessages | undefined {
  try {
    return messagesFrom(signer().unsignObject(value))
  } catch {
    // Forged, cut, from before a change of SECRET_KEY, or signed without being a list of messages: all the same to us.
    return undefined
  }
}

/** The most for which `fits` is true, from 0 to `count`, where it is true up to some number and false from there. */
function most(count: number, fits: (number: number) => boolean): number {
  let [least, beyond] = [0, count]
  while (least + 1 < beyond) {
    const middle = Math.floor((least + beyond) / 2)
    if (fits(middle)) least = middle
    else beyond = middle
  }
  return least
}

/** The cookie's value for as many messages as it can take, and those that it cannot. */
export function fitCookie(
  messages: readonly Message[],
  keep: 'newest' | 'oldest' = 'newest',
): { value: string; left: readonly Message[] } {
  const value = encodeCookie(messages)
  if (!isTooLarge(value)) return { value, left: [] }
  const elements = messages.map(elementOf)
  const first = (kept: number): number => (keep === 'newest' ? elements.length - kept : 0)
  const valueOf = (kept: number): string => seal([...elements.slice(first(kept), first(kept) + kept), NOT_FINISHED])
  const kept = most(messages.length, (number) => !isTooLarge(valueOf(number)))
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
    // One visitor's messages are no other's: no shared cache may hand this answer on.
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
