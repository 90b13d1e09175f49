/** The cookies that a response sets: one for each name, as in Django. */
import { getCookieSigner, type TimestampSigner } from '#core/signing'
import { Cookie, type CookieOptions, type DeleteCookieOptions, expireCookie, fillCookie } from '#core/web'

export interface SetSignedCookieOptions extends CookieOptions {
  /** Separates cookies of the same name that have different purposes. */
  readonly salt?: string
}

/** The signer of a signed cookie. The length makes the concatenation of salt and name unambiguous. */
export function signerOf(name: string, salt: string): TimestampSigner {
  return getCookieSigner(`django.http.cookies.v2:${Array.from(salt).length}:${salt}${name}`)
}

/** The signer of Django releases up to 5.2.14 and 6.0.5. */
export function legacySignerOf(name: string, salt: string): TimestampSigner {
  return getCookieSigner(name + salt)
}

export class CookieJar implements Iterable<Cookie> {
  readonly #cookies = new Map<string, Cookie>()

  get size(): number {
    return this.#cookies.size
  }

  get(name: string): Cookie | undefined {
    return this.#cookies.get(name)
  }

  [Symbol.iterator](): IterableIterator<Cookie> {
    return this.#cookies.values()
  }

  /** Adds a cookie. It replaces one of the same name. */
  put(cookie: Cookie): Cookie {
    this.#cookies.set(cookie.key, cookie)
    return cookie
  }

  /** @throws CookieError */
  set(name: string, value = '', options: CookieOptions = {}): Cookie {
    const cookie = this.#cookies.get(name) ?? new Cookie(name)
    fillCookie(cookie, value, options)
    return this.put(cookie)
  }

  setSigned(name: string, value: string, { salt = '', ...options }: SetSignedCookieOptions = {}): Cookie {
    return this.set(name, signerOf(name, salt).sign(value), options)
  }

  delete(name: string, options: DeleteCookieOptions = {}): Cookie {
    const cookie = this.#cookies.get(name) ?? new Cookie(name)
    expireCookie(cookie, options)
    return this.put(cookie)
  }

  /** The values of the Set-Cookie headers, in the order in which the names were first set. */
  lines(): string[] {
    return Array.from(this.#cookies.values(), String)
  }
}
