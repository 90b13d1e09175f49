/** Parses Cookie headers, and serializes Set-Cookie headers byte for byte as Django does. */
import { clock, formatValue } from '#core/utils'
import { httpDate } from './header_values.ts'

/** A cookie that cannot be written: its name, its value or an attribute. */
export class CookieError extends Error {
  override readonly name = 'CookieError'
}

const LEGAL = /^[A-Za-z0-9!#$%&'*+\-.^_`|~:]+$/
// oxlint-disable-next-line no-control-regex
const MUST_ESCAPE = /[\0-\x1f\x7f-\xff"\\,;]/g
// oxlint-disable-next-line no-control-regex
const NOT_IN_ATTRIBUTE = /[\0-\x1f\x7f;]/
const RESERVED = new Set([
  'expires',
  'path',
  'comment',
  'domain',
  'max-age',
  'secure',
  'httponly',
  'version',
  'samesite',
])

/** Serializes a value: unchanged if legal, otherwise in quotes with illegal characters as three octal digits. */
export function quoteCookie(value: string): string {
  if (LEGAL.test(value)) return value
  const escaped = value.replace(MUST_ESCAPE, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
  return `"${escaped}"`
}

/** The inverse of `quoteCookie`. A value without quotes is returned unchanged. */
export function unquoteCookie(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value
  const inside = value.slice(1, -1)
  if (!inside.includes('\\')) return inside
  return inside.replace(/\\(?:([0-3][0-7][0-7])|(.))/g, (_all, octal: string | undefined, character: string) =>
    octal === undefined ? character : String.fromCharCode(Number.parseInt(octal, 8)),
  )
}

/** Whitespace of Python's `str.strip()` that can occur in a header. */
const isBlank = (code: number): boolean =>
  code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f) || code === 0x85 || code === 0xa0

function stripped(text: string, from: number, to: number): string {
  let [start, end] = [from, to]
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** Parses a Cookie header as browsers and Django do. The last of several cookies with the same name wins. */
export function parseCookies(header: string): Record<string, string> {
  const cookies = Object.create(null) as Record<string, string>
  let equals = -1
  for (let start = 0; start < header.length; ) {
    const semicolon = header.indexOf(';', start)
    const end = semicolon < 0 ? header.length : semicolon
    // The result is reused for entries without an equals sign, so that parsing takes linear time.
    if (equals < start) {
      const next = header.indexOf('=', start)
      equals = next < 0 ? header.length : next
    }
    const hasName = equals < end
    const name = hasName ? stripped(header, start, equals) : ''
    const value = stripped(header, hasName ? equals + 1 : start, end)
    if (name !== '' || value !== '') cookies[name] = unquoteCookie(value)
    start = end + 1
  }
  return cookies
}

export interface CookieOptions {
  /** In seconds. */
  readonly maxAge?: number | null | undefined
  /** A Date, milliseconds since the epoch, or a string, which is sent unchanged. */
  readonly expires?: Date | string | number | null | undefined
  /** `/` by default; null or empty for none. */
  readonly path?: string | null | undefined
  readonly domain?: string | null | undefined
  readonly secure?: boolean | null | undefined
  readonly httponly?: boolean | null | undefined
  /** Lax, Strict or None; null, false or empty for none. */
  readonly samesite?: string | false | null | undefined
}

export type DeleteCookieOptions = Pick<CookieOptions, 'path' | 'domain' | 'samesite'>

/** A cookie of a response, with its attributes. */
export class Cookie {
  readonly key: string
  value = ''
  domain = ''
  expires = ''
  httponly = false
  maxAge: number | undefined
  path = ''
  samesite = ''
  secure = false

  /** @throws CookieError for an illegal name */
  constructor(key: string) {
    if (RESERVED.has(key.toLowerCase())) throw new CookieError(`Attempt to set a reserved key '${key}'`)
    if (!LEGAL.test(key)) throw new CookieError(`Illegal key '${key}'`)
    this.key = key
  }

  /** The value of Set-Cookie, with the attributes sorted by lower-case name. */
  toString(): string {
    let line = `${this.key}=${quoteCookie(this.value)}`
    if (this.domain !== '') line += `; Domain=${this.domain}`
    if (this.expires !== '') line += `; expires=${this.expires}`
    if (this.httponly) line += '; HttpOnly'
    if (this.maxAge !== undefined) line += `; Max-Age=${this.maxAge}`
    if (this.path !== '') line += `; Path=${this.path}`
    if (this.samesite !== '') line += `; SameSite=${this.samesite}`
    if (this.secure) line += '; Secure'
    return line
  }
}

function attribute(key: string, name: string, value: string): string {
  if (NOT_IN_ATTRIBUTE.test(value)) {
    throw new CookieError(
      `The cookie '${key}' has a ${name} with a semicolon or control character: ${formatValue(value)}.`,
    )
  }
  return value
}

/** Whole seconds until a time (in milliseconds since the epoch), at least 0, plus one for the started second. */
function secondsUntil(moment: number): number {
  return Math.max(0, Math.floor((moment - clock.now()) / 1000) + 1)
}

/** The last second of the year 9999, the last year of an HTTP date, in seconds since the epoch. */
const LAST_SECOND = 253_402_300_799

const noDate = (key: string, found: unknown): CookieError =>
  new CookieError(
    `The cookie '${key}' should have expires as a valid Date, milliseconds or a string, found ${formatValue(found)}.`,
  )

/** @param seconds since the epoch @throws CookieError beyond the year 9999 */
function expiryDate(key: string, seconds: number): string {
  if (seconds <= LAST_SECOND) return httpDate(Math.max(seconds, 0))
  throw new CookieError(`The cookie '${key}' would expire after the year 9999.`)
}

/**
 * Sets the value and attributes of a cookie. Attributes that are not given are kept, except `expires`, and a `maxAge` of 0
 * or less: the new cookie would be deleted as the former one.
 * @throws CookieError for an illegal value or attribute
 */
export function fillCookie(cookie: Cookie, value: string, options: CookieOptions): void {
  // oxlint-disable-next-line no-control-regex
  if (/[^\0-\xff]/.test(value)) {
    throw new CookieError(
      `The value of the cookie '${cookie.key}' has characters that a header cannot carry. Encode it, for example with encodeURIComponent().`,
    )
  }
  const { expires, path = '/', domain, secure, httponly, samesite } = options
  let { maxAge } = options
  cookie.value = value
  cookie.expires = ''
  if (cookie.maxAge !== undefined && cookie.maxAge <= 0) cookie.maxAge = undefined
  if (expires instanceof Date || typeof expires === 'number') {
    if (!Number.isFinite(Number(expires))) throw noDate(cookie.key, expires)
    if (maxAge === null || maxAge === undefined) maxAge = secondsUntil(Number(expires))
    else cookie.expires = expiryDate(cookie.key, Number(expires) / 1000)
  } else if (typeof expires === 'string') {
    cookie.expires = attribute(cookie.key, 'date', expires)
    // To browsers, a former maxAge would count more than the date.
    cookie.maxAge = undefined
  } else if (expires !== null && expires !== undefined) throw noDate(cookie.key, expires)
  if (maxAge !== null && maxAge !== undefined) {
    if (!Number.isFinite(maxAge) || maxAge < -LAST_SECOND) {
      throw new CookieError(`The cookie '${cookie.key}' should have a maxAge in seconds, found ${formatValue(maxAge)}.`)
    }
    cookie.maxAge = Math.trunc(maxAge)
    if (cookie.expires === '') cookie.expires = expiryDate(cookie.key, clock.now() / 1000 + cookie.maxAge)
  }
  if (path !== null) cookie.path = attribute(cookie.key, 'path', path)
  if (domain !== null && domain !== undefined) cookie.domain = attribute(cookie.key, 'domain', domain)
  if (secure) cookie.secure = true
  if (httponly) cookie.httponly = true
  if (samesite) {
    if (!/^(?:lax|none|strict)$/i.test(samesite)) {
      throw new CookieError('samesite must be "lax", "none", or "strict".')
    }
    cookie.samesite = samesite
  }
}

/** Makes the browser delete a cookie. */
export function expireCookie(cookie: Cookie, { path, domain, samesite }: DeleteCookieOptions): void {
  // Browsers reject these cookies without Secure, and so would ignore the deletion.
  const secure = /^__(?:Secure|Host)-/.test(cookie.key) || String(samesite).toLowerCase() === 'none'
  fillCookie(cookie, '', { maxAge: 0, expires: 'Thu, 01 Jan 1970 00:00:00 GMT', path, domain, samesite, secure })
}
