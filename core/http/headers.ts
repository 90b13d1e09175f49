/** The headers of an answer: found whatever their case, sent as they were written. */
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

/** A value as it can be sent; other characters than Latin-1 as a MIME encoded-word. */
function asText(name: string, value: HeaderValue): string {
  const text = String(value)
  if (PLAIN.test(text)) return text
  if (CONTROLS.test(text)) {
    throw new BadHeaderError(
      `Header values cannot contain newlines or control characters: ${name} is ${formatValue(text)}.`,
    )
  }
  return BEYOND_LATIN1.test(text) ? `=?utf-8?b?${Buffer.from(text).toString('base64')}?=` : text
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

  /** @throws BadHeaderError when name or value would break out of the line */
  set(name: string, value: HeaderValue): this {
    this.#entries.set(checkedName(name), [name, asText(name, value)])
    return this
  }

  /** Sets a header unless it is there. */
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

// What can be wrong with a request or an answer, beside the errors that every room knows.

/** A form body is not what its Content-Type says. Becomes a 400 response. */
export class MultiPartParserError extends BadRequest {}

/** The client went away before its whole body had come. */
export class UnreadablePostError extends BadRequest {}

/** A signed cookie was asked for, without a default, and did not come with the request. */
export class CookieMissing extends Error {
  override readonly name = 'CookieMissing'
}
