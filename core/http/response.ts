/** The responses that views return: status, headers, cookies, and content in memory. */
import { settings, settingsAreLoaded } from '#core/conf'
import type { CookieOptions, DeleteCookieOptions } from '#core/web'
import { formatValue } from '#core/utils'
import { CookieJar, type SetSignedCookieOptions } from './cookie_jar.ts'
import { type HeaderValue, ResponseHeaders } from './headers.ts'

export interface ResponseOptions {
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, HeaderValue>> | Iterable<readonly [string, HeaderValue]> | undefined
  /** The complete Content-Type; by default `text/html` with the charset. */
  readonly contentType?: string | undefined
  /** The encoding of strings; by default the charset of contentType, or else DEFAULT_CHARSET. */
  readonly charset?: string | undefined
}

const defaultCharset = (): string => (settingsAreLoaded() ? settings.DEFAULT_CHARSET : 'utf-8')

const charsetOf = (type: string | undefined): string | undefined =>
  type === undefined ? undefined : /;\s*charset=\s*"?([^\s;"]+)/i.exec(type)?.[1]

/** A constant in the frequent case: a concatenated string would be flattened for each response. */
const htmlIn = (charset: string): string =>
  charset === 'utf-8' ? 'text/html; charset=utf-8' : `text/html; charset=${charset}`

const isIterable = (value: object): value is Iterable<readonly [string, HeaderValue]> => Symbol.iterator in value

/** The base class of all responses. */
export abstract class HttpResponseBase {
  readonly headers = new ResponseHeaders()
  readonly charset: string
  #cookies: CookieJar | undefined
  #status = 200

  constructor({ status, headers, contentType, charset }: ResponseOptions, defaultStatus = 200) {
    this.status = status ?? defaultStatus
    if (headers !== undefined) {
      for (const [name, value] of isIterable(headers) ? headers : Object.entries(headers)) this.headers.set(name, value)
    }
    const type = contentType ?? (headers === undefined ? undefined : this.headers.get('Content-Type'))
    this.charset = charset ?? charsetOf(type) ?? defaultCharset()
    if (type === undefined) this.headers.set('Content-Type', htmlIn(this.charset))
    else if (contentType !== undefined) this.headers.set('Content-Type', contentType)
  }

  /** Created on first access, because most responses set no cookies. */
  get cookies(): CookieJar {
    return (this.#cookies ??= new CookieJar())
  }

  get hasCookies(): boolean {
    return this.#cookies !== undefined && this.#cookies.size > 0
  }

  get status(): number {
    return this.#status
  }

  set status(status: number) {
    if (!Number.isInteger(status) || status < 100 || status > 599) {
      throw new TypeError(`A response's status is a whole number from 100 to 599, found ${formatValue(status)}.`)
    }
    this.#status = status
  }

  /**
   * Sets a cookie. A second call for the same name keeps the attributes that it does not set, except those that delete
   * it. @throws CookieError
   */
  setCookie(name: string, value = '', options: CookieOptions = {}): this {
    this.cookies.set(name, value, options)
    return this
  }

  /** Sets a signed cookie, which `request.getSignedCookie()` reads and clients cannot forge. */
  setSignedCookie(name: string, value: string, options: SetSignedCookieOptions = {}): this {
    this.cookies.setSigned(name, value, options)
    return this
  }

  /** Makes the browser delete a cookie. Path and domain must be those with which it was set. */
  deleteCookie(name: string, options: DeleteCookieOptions = {}): this {
    this.cookies.delete(name, options)
    return this
  }
}

export type Content = string | Uint8Array

const isUtf8 = (charset: string): boolean => charset === 'utf-8' || /^utf-?8$/i.test(charset)

/** Encodes a string. @throws TypeError for a charset that Node cannot encode */
export function encoded(content: string, charset: string): Buffer {
  if (isUtf8(charset)) return Buffer.from(content)
  const encoding = /^(?:latin-?1|iso-8859-1)$/i.test(charset) ? 'latin1' : charset.toLowerCase()
  if (!Buffer.isEncoding(encoding)) {
    throw new TypeError(
      `A string cannot be encoded as '${charset}'. Use utf-8, latin1, utf-16le or ascii, or pass bytes.`,
    )
  }
  return Buffer.from(content, encoding)
}

/**
 * A response with its content in memory.
 *
 *     return new HttpResponse('<p>Not here.</p>', { status: 404, headers: { 'Cache-Control': 'no-store' } })
 */
export class HttpResponse extends HttpResponseBase {
  #content: string | Buffer = ''

  constructor(content: Content = '', options: ResponseOptions = {}, defaultStatus = 200) {
    super(options, defaultStatus)
    this.content = content
  }

  get content(): Buffer {
    if (typeof this.#content === 'string') this.#content = encoded(this.#content, this.charset)
    return this.#content
  }

  set content(content: Content) {
    if (typeof content === 'string') this.#content = isUtf8(this.charset) ? content : encoded(content, this.charset)
    else if (Buffer.isBuffer(content)) this.#content = content
    else if (content instanceof Uint8Array) {
      this.#content = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    } else throw new TypeError(`The content of an HttpResponse is a string or bytes, found ${formatValue(content)}.`)
  }

  /** The content as it was set: a string is not encoded unless `content` is read. */
  get rawContent(): string | Buffer {
    return this.#content
  }

  /** The content, decoded. */
  get text(): string {
    return typeof this.#content === 'string' ? this.#content : new TextDecoder(this.charset).decode(this.#content)
  }
}

/** A response in JSON. As with `JSON.stringify`, dates become ISO strings. */
export class JsonResponse extends HttpResponse {
  /** @throws TypeError if JSON cannot represent the data */
  constructor(data: unknown, options: ResponseOptions & { readonly indent?: number } = {}) {
    const json = JSON.stringify(data, undefined, options.indent) as string | undefined
    if (json === undefined) {
      throw new TypeError(`JSON cannot hold ${formatValue(data)}: give an object, an array, a string or a number.`)
    }
    super(json, { ...options, contentType: options.contentType ?? 'application/json' })
  }
}
