/** What a view answers with: status, headers, cookies, and content that stands in memory. */
import { settings, settingsAreLoaded } from '#core/conf'
import type { CookieOptions, DeleteCookieOptions } from '#core/web'
import { formatValue } from '#core/utils'
import { CookieJar, type SetSignedCookieOptions } from './cookie_jar.ts'
import { type HeaderValue, ResponseHeaders } from './headers.ts'

export interface ResponseOptions {
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, HeaderValue>> | Iterable<readonly [string, HeaderValue]> | undefined
  /** The whole Content-Type; `text/html` with the charset when absent. */
  readonly contentType?: string | undefined
  /** What text is encoded with; that of contentType when absent, else DEFAULT_CHARSET. */
  readonly charset?: string | undefined
}

const defaultCharset = (): string => (settingsAreLoaded() ? settings.DEFAULT_CHARSET : 'utf-8')

const charsetOf = (type: string | undefined): string | undefined =>
  type === undefined ? undefined : /;\s*charset=\s*"?([^\s;"]+)/i.exec(type)?.[1]

/** The usual one is a constant: a text that is put together has to be copied before it can be looked at. */
const htmlIn = (charset: string): string =>
  charset === 'utf-8' ? 'text/html; charset=utf-8' : `text/html; charset=${charset}`

const isIterable = (value: object): value is Iterable<readonly [string, HeaderValue]> => Symbol.iterator in value

/** What every answer has, whether its content is in memory or still to come. */
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

  /** Made when it is first asked for: most answers set no cookie of their own. */
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

  /** Sets a cookie; a second call for the same name adds to what the first one set. */
  setCookie(name: string, value = '', options: CookieOptions = {}): this {
    this.cookies.set(name, value, options)
    return this
  }

  /** Sets a cookie that `request.getSignedCookie()` reads, and that nobody else can make. */
  setSignedCookie(name: string, value: string, options: SetSignedCookieOptions = {}): this {
    this.cookies.setSigned(name, value, options)
    return this
  }

  /** Tells the browser to drop a cookie: path and domain must be those it was set with. */
  deleteCookie(name: string, options: DeleteCookieOptions = {}): this {
    this.cookies.delete(name, options)
    return this
  }
}

export type Content = string | Uint8Array

const isUtf8 = (charset: string): boolean => charset === 'utf-8' || /^utf-?8$/i.test(charset)

/** Text as bytes, in the charsets that Node can write. */
export function encoded(text: string, charset: string): Buffer {
  if (isUtf8(charset)) return Buffer.from(text)
  const encoding = /^(?:latin-?1|iso-8859-1)$/i.test(charset) ? 'latin1' : charset.toLowerCase()
  if (!Buffer.isEncoding(encoding)) {
    throw new TypeError(`Text cannot be written as '${charset}'. Give utf-8, latin1, utf-16le or ascii, or give bytes.`)
  }
  return Buffer.from(text, encoding)
}

/** An answer with its content in memory. */
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
    } else throw new TypeError(`The content of an HttpResponse is a text or bytes, found ${formatValue(content)}.`)
  }

  /** The content as it was given: a text that nobody asked the bytes of need not be turned into them. */
  get rawContent(): string | Buffer {
    return this.#content
  }

  /** The content as text. */
  get text(): string {
    return typeof this.#content === 'string' ? this.#content : new TextDecoder(this.charset).decode(this.#content)
  }
}

/** An answer in JSON. Dates become ISO texts, as `JSON.stringify` does it. */
export class JsonResponse extends HttpResponse {
  /** @throws TypeError when JSON cannot hold the data */
  constructor(data: unknown, options: ResponseOptions & { readonly indent?: number } = {}) {
    const text = JSON.stringify(data, undefined, options.indent) as string | undefined
    if (text === undefined)
      throw new TypeError(`JSON cannot hold ${formatValue(data)}: give an object, list, text or number.`)
    super(text, { ...options, contentType: options.contentType ?? 'application/json' })
  }
}
