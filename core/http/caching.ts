/** Headers for caches: Vary, Cache-Control and Expires, on an HttpResponse or on Koa's response. */
import type { Response } from 'koa'
import { settings } from '#core/conf'
import { clock } from '#core/utils'
import { httpDate } from '#core/web'
import { HttpResponseBase } from './response.ts'

export type AnyResponse = HttpResponseBase | Response

interface HeaderAccess {
  get(name: string): string | undefined
  set(name: string, value: string): unknown
}

/** Koa's `response.get` returns '' for an absent header, and an array for one that was set several times. */
class KoaHeaders implements HeaderAccess {
  readonly #response: Response

  constructor(response: Response) {
    this.#response = response
  }

  get(name: string): string | undefined {
    const value = this.#response.res.getHeader(name)
    return Array.isArray(value) ? value.join(', ') : value === undefined ? undefined : String(value)
  }

  set(name: string, value: string): void {
    this.#response.res.setHeader(name, value)
  }
}

const headersOf = (response: AnyResponse): HeaderAccess =>
  response instanceof HttpResponseBase ? response.headers : new KoaHeaders(response)

const listOf = (header: string | undefined): string[] =>
  (header ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

/** Adds names of request headers to Vary. Existing names keep their spelling; `*` replaces all. */
export function patchVaryHeaders(response: AnyResponse, names: readonly string[]): void {
  const headers = headersOf(response)
  const before = headers.get('Vary')
  if (before === undefined && names.length === 1) {
    headers.set('Vary', names[0] as string)
    return
  }
  const vary = listOf(before)
  const known = new Set(vary.map((name) => name.toLowerCase()))
  for (const name of names) {
    if (known.has(name.toLowerCase())) continue
    known.add(name.toLowerCase())
    vary.push(name)
  }
  headers.set('Vary', known.has('*') ? '*' : vary.join(', '))
}

/** Whether a response varies on a request header. */
export function hasVaryHeader(response: AnyResponse, name: string): boolean {
  return listOf(headersOf(response).get('Vary')).some((entry) => entry.toLowerCase() === name.toLowerCase())
}

/** Directives in camelCase (`maxAge`, `noStore`, `private` …): true for a flag, otherwise the value. */
export type CacheDirectives = Readonly<Record<string, boolean | number | string>>

const directiveName = (key: string): string =>
  key.replaceAll('_', '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const directiveValue = (value: boolean | number | string): string => (value === false ? 'False' : String(value))

/** The directives of a Cache-Control header by name: true for a flag. */
class Directives {
  readonly #found = new Map<string, string | true>()

  constructor(header: string | undefined) {
    for (const entry of listOf(header)) {
      const equals = entry.indexOf('=')
      this.#add(
        (equals < 0 ? entry : entry.slice(0, equals)).toLowerCase(),
        equals < 0 ? true : entry.slice(equals + 1),
      )
    }
  }

  #add(name: string, value: string | true): void {
    const before = this.#found.get(name)
    const isField = name === 'no-cache' && value !== true && before !== undefined
    this.#found.set(name, isField ? (before === true ? true : `${before}, no-cache=${value}`) : value)
  }

  patch(directives: CacheDirectives): void {
    if (directives.private) this.#found.delete('public')
    if (directives.public) this.#found.delete('private')
    for (const [key, value] of Object.entries(directives)) {
      const name = directiveName(key)
      const before = Number(this.#found.get(name))
      const smaller = name === 'max-age' && before < Number(value) ? String(before) : directiveValue(value)
      this.#add(name, value === true ? true : smaller)
    }
  }

  toString(): string {
    return Array.from(this.#found, ([name, value]) => (value === true ? name : `${name}=${value}`)).join(', ')
  }
}

/**
 * Adds directives to Cache-Control, as Django does: the smaller max-age wins, `private` and `public` replace each other,
 * and `noCache` with the name of a field adds to the existing fields.
 */
export function patchCacheControl(response: AnyResponse, directives: CacheDirectives): void {
  const headers = headersOf(response)
  const found = new Directives(headers.get('Cache-Control'))
  found.patch(directives)
  headers.set('Cache-Control', String(found))
}

/** Excludes a response from shared caches: `patchCacheControl(response, { private: true })`. */
export function makePrivate(response: AnyResponse): void {
  const headers = headersOf(response)
  if (headers.get('Cache-Control') === undefined) headers.set('Cache-Control', 'private')
  else patchCacheControl(response, { private: true })
}

/** The max-age of a response in seconds; undefined if it has none. */
export function getMaxAge(response: AnyResponse): number | undefined {
  const match = /(?:^|[,\s])max-age\s*=\s*(\d+)/i.exec(headersOf(response).get('Cache-Control') ?? '')
  return match === null ? undefined : Number(match[1])
}

/**
 * Sets Expires and max-age.
 * @param cacheTimeout seconds, CACHE_MIDDLEWARE_SECONDS by default; a negative number counts as 0
 */
export function patchResponseHeaders(response: AnyResponse, cacheTimeout?: number): void {
  const seconds = Math.max(0, cacheTimeout ?? settings.CACHE_MIDDLEWARE_SECONDS)
  const headers = headersOf(response)
  if (headers.get('Expires') === undefined) headers.set('Expires', httpDate(clock.now() / 1000 + seconds))
  patchCacheControl(response, { maxAge: seconds })
}

/** Excludes a response from all caches. */
export function addNeverCacheHeaders(response: AnyResponse): void {
  patchResponseHeaders(response, -1)
  patchCacheControl(response, { noCache: true, noStore: true, mustRevalidate: true, private: true })
}
