/** The headers of a response, with case-insensitive names, and the errors of requests and responses. */
import { memoizeString } from '#core/concurrency'
import { formatValue } from '#core/utils'
import { BadHeaderError, BadRequest } from '#core/exceptions'
export {
  BadHeaderError,
  BadRequest,
  DisallowedHost,
  DisallowedRedirect,
  Http404,
  PermissionDenied,
  RequestDataTooBig,
  ServiceUnavailable,
  SuspiciousOperation,
  TooManyFieldsSent,
  TooManyFilesSent,
  TooManyRequests,
  UnsupportedMediaType,
} from '#core/exceptions'

const NAME = /^[\w!#$%&'*+\-.^`|~]+$/
const PLAIN = /^[\t -~]*$/
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\0-\x08\x0a-\x1f\x7f]/
// oxlint-disable-next-line no-control-regex
const BEYOND_LATIN1 = /[^\0-\xff]/

export type HeaderValue = string | number

/** A value as it is sent. One with characters beyond Latin-1 becomes a MIME encoded-word. @throws BadHeaderError */
function encodedValue(name: string, value: HeaderValue): string {
  const given = String(value)
  if (PLAIN.test(given)) return given
  if (CONTROLS.test(given)) {
    throw new BadHeaderError(
      `Header values cannot contain newlines or control characters: ${name} is ${formatValue(given)}.`,
    )
  }
  return BEYOND_LATIN1.test(given) ? `=?utf-8?b?${Buffer.from(given).toString('base64')}?=` : given
}

/** A name in lower case. @throws BadHeaderError */
const checkedName = memoizeString((name) => {
  if (!NAME.test(name)) throw new BadHeaderError(`${formatValue(name)} cannot be a header's name.`)
  return name.toLowerCase()
})

export class ResponseHeaders implements Iterable<[string, string]> {
  /** By lower-case name: the name as written, and the value. */
  readonly #entries = new Map<string, readonly [string, string]>()

  get(name: string): string | undefined {
    return this.#entries.get(name.toLowerCase())?.[1]
  }

  /** @throws BadHeaderError if the name is not a token, or the value has a control character */
  set(name: string, value: HeaderValue): this {
    this.#entries.set(checkedName(name), [name, encodedValue(name, value)])
    return this
  }

  /** Sets a header that is not set. */
  setDefault(name: string, value: HeaderValue): this {
    return this.has(name) ? this : this.set(name, value)
  }

  has(name: string): boolean {
    return this.#entries.has(name.toLowerCase())
  }

  delete(name: string): boolean {
    return this.#entries.delete(name.toLowerCase())
  }

  entries(): IterableIterator<readonly [string, string]> {
    return this.#entries.values()
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (const [name, value] of this.#entries.values()) yield [name, value]
  }
}

// Errors of requests and responses, in addition to those of #core/exceptions.

/** A multipart form is malformed. Becomes a 400 response. */
export class MultiPartParserError extends BadRequest {}

/** The client disconnected before the body was complete. Becomes a 400 response. */
export class UnreadablePostError extends BadRequest {}

/** `getSignedCookie` without a default, for a cookie that the request does not have. */
export class CookieMissing extends Error {
  override readonly name = 'CookieMissing'
}
