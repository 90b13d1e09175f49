/** The cookies of a request, parsed on first access, and the verification of signed cookies. */
import { settings } from '#core/conf'
import { BadSignature, SignatureExpired } from '#core/signing'
import { parseCookies } from '#core/web'
import { memoizeString } from '#core/concurrency'
import { legacySignerOf, signerOf } from './cookie_jar.ts'
import { CookieMissing } from './headers.ts'
import type { HttpRequest, SignedCookieOptions } from './request.ts'
import { stateOf } from './request_state.ts'

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
