/** State that the framework keeps for a request: its cookies, parsed on first access and verified where they are signed. */
import type { ParsedUrlQuery } from 'node:querystring'
import type { Accepts } from 'accepts'
import { memoizeString } from '#core/concurrency'
import { settings } from '#core/conf'
import { BadSignature, SignatureExpired } from '#core/signing'
import { parseCookies } from '#core/web'
import { legacySignerOf, signerOf } from './cookie_jar.ts'
import { CookieMissing } from './headers.ts'
import type { HttpRequest, ResolverMatch, SignedCookieOptions } from './request.ts'
import type { FileMap } from './uploaded_file.ts'

/** The body, once it has been read. */
export interface ReadBody {
  /** Undefined if the bytes were parsed into files and fields, or read by a middleware. */
  readonly bytes: Buffer | undefined
  readonly post: URLSearchParams
  readonly files: FileMap
  /** Whether a parser from npm read it. */
  readonly isParsedElsewhere?: boolean
}

/** The parsed request target. */
export interface RequestTarget {
  /** The unparsed target. */
  readonly raw: string
  /** With percent-escapes, as sent. */
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  /** Host and port of a target in absolute form (`GET http://example.com/ HTTP/1.1`). */
  readonly authority: string | undefined
  /** Why the request is refused, if it is. */
  readonly problem: string | undefined
  /** Whether it is a path, with or without a query, in printable ASCII. */
  readonly isPlain: boolean
}

export interface RequestState {
  target?: RequestTarget
  /** `ctx.query` of Koa, and the query string that it was parsed from. */
  query?: { readonly querystring: string; readonly fields: ParsedUrlQuery }
  /** What the client accepts. */
  accept?: Accepts
  get?: URLSearchParams
  cookies?: Readonly<Record<string, string>>
  path?: string
  match?: ResolverMatch | undefined
  reading?: Promise<ReadBody>
  body?: ReadBody
  /** The value that a parser from npm assigned to `request.body`. */
  parsed?: { readonly value: unknown }
  /** Whether the view has been called. Before that, a middleware may still read the body. */
  viewHasBegun?: boolean
}

const STATE = Symbol('nuages.request')

export function stateOf(request: HttpRequest): RequestState {
  const holder = request as HttpRequest & { [STATE]?: RequestState }
  return (holder[STATE] ??= {})
}

/** Node decodes headers as Latin-1; browsers send UTF-8. */
function asUtf8(header: string): string {
  // oxlint-disable-next-line no-control-regex
  return /^[\0-\x7f]*$/.test(header) ? header : Buffer.from(header, 'latin1').toString()
}

/** A client sends the same header again and again. Frozen, because requests may share the result. */
const cookiesIn = memoizeString((header) => Object.freeze(parseCookies(asUtf8(header))))

export function cookiesOf(request: HttpRequest): Readonly<Record<string, string>> {
  return (stateOf(request).cookies ??= cookiesIn(request.req.headers.cookie ?? ''))
}

function verified(name: string, value: string, { salt = '', maxAge }: SignedCookieOptions): string {
  try {
    return signerOf(name, salt).unsign(value, { maxAge })
  } catch (error) {
    const mayBeLegacy = settings.SIGNED_COOKIE_LEGACY_SALT_FALLBACK && !(error instanceof SignatureExpired)
    if (!mayBeLegacy || !(error instanceof BadSignature)) throw error
    return legacySignerOf(name, salt).unsign(value, { maxAge })
  }
}

/** @throws CookieMissing, BadSignature */
export function signedCookieOf(request: HttpRequest, name: string, options: SignedCookieOptions): string {
  const value = cookiesOf(request)[name]
  if (value === undefined) {
    if (options.default !== undefined) return options.default
    throw new CookieMissing(`The request has no cookie '${name}'.`)
  }
  try {
    return verified(name, value, options)
  } catch (error) {
    if (options.default !== undefined && error instanceof BadSignature) return options.default
    throw error
  }
}
