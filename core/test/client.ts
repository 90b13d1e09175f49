/** A test client: sends requests to the application in this process, and stores its cookies like a browser. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type Koa from 'koa'
import inject from 'light-my-request'
import { allowTestHost } from '#core/http'
import { skipCsrfCheck } from '#core/middleware'
import { clock } from '#core/utils'
import { parseHttpDate, unquoteCookie } from '#core/web'
import { payloadOf, type RequestOptions } from './request_factory.ts'

/** A cookie of a response: its value, and its attributes by lower-case name. */
export interface SetCookie {
  readonly name: string
  readonly value: string
  readonly attributes: Readonly<Record<string, string>>
}

export interface ClientResponse {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Buffer
  readonly text: string
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  json<T = unknown>(): T
  /** The raw Set-Cookie headers. */
  readonly setCookie: readonly string[]
  /** The parsed Set-Cookie headers, by name. */
  readonly cookies: Readonly<Record<string, SetCookie>>
}

function readSetCookie(line: string): SetCookie {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
  const split = (text: string): [string, string] => {
    const equals = text.indexOf('=')
    return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
  }
  const [name, value] = split(pair)
  const attributes = Object.fromEntries(rest.map(split).map(([key, text]) => [key.toLowerCase(), text]))
  return { name, value: unquoteCookie(value), attributes }
}

/** Whether a cookie has expired. As in browsers, Max-Age takes precedence over Expires. */
function isExpired({ attributes }: SetCookie): boolean {
  if (attributes['max-age'] !== undefined) return Number(attributes['max-age']) <= 0
  const expires = attributes.expires === undefined ? undefined : parseHttpDate(attributes.expires)
  return expires !== undefined && expires <= clock.now() / 1000
}

class InjectedResponse implements ClientResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Buffer
  readonly setCookie: readonly string[]
  readonly cookies: Readonly<Record<string, SetCookie>>

  constructor(response: inject.Response) {
    this.status = response.statusCode
    this.headers = response.headers as Record<string, string | string[]>
    this.body = response.rawPayload
    this.setCookie = [this.headers['set-cookie'] ?? []].flat()
    this.cookies = Object.fromEntries(this.setCookie.map(readSetCookie).map((cookie) => [cookie.name, cookie]))
  }

  get text(): string {
    return this.body.toString()
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  json<T = unknown>(): T {
    return JSON.parse(this.text) as T
  }
}

/** Makes requests look like HTTPS requests. */
function secured(listener: RequestListener): RequestListener {
  return (req: IncomingMessage, res: ServerResponse) => {
    ;(req.socket as Socket & { encrypted?: boolean }).encrypted = true
    listener(req, res)
  }
}

export class Client {
  /** The cookies for the next request: raw values by name. */
  readonly cookies = new Map<string, string>()
  #app: Koa | undefined
  #listener: RequestListener | undefined

  readonly #enforceCsrfChecks: boolean

  /**
   * @param app the application; by default, one is created from the settings at the first request
   * @param options.enforceCsrfChecks whether forms need a CSRF token; as in Django, off by default
   */
  constructor(app?: Koa, { enforceCsrfChecks = false } = {}) {
    this.#app = app
    this.#enforceCsrfChecks = enforceCsrfChecks
    allowTestHost('testserver')
  }

  get(path: string, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('GET', path, options)
  }

  head(path: string, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('HEAD', path, options)
  }

  options(path: string, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('OPTIONS', path, options)
  }

  post(path: string, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('POST', path, options)
  }

  put(path: string, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('PUT', path, options)
  }

  patch(path: string, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('PATCH', path, options)
  }

  delete(path: string, options?: RequestOptions): Promise<ClientResponse> {
    return this.request('DELETE', path, options)
  }

  async request(
    method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    options: RequestOptions = {},
  ): Promise<ClientResponse> {
    const listener = (this.#listener ??= await this.#listen())
    const { url, headers, body } = await payloadOf(path, options)
    if (this.cookies.size > 0 && headers.cookie === undefined) {
      headers.cookie = Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ')
    }
    const injected = await inject(options.secure ? secured(listener) : listener, {
      method,
      url,
      headers,
      ...(body !== undefined && { payload: body }),
    })
    const response = new InjectedResponse(injected)
    for (const line of response.setCookie) this.#keep(line)
    return response
  }

  async #listen(): Promise<RequestListener> {
    if (this.#app === undefined) {
      const { createApplication } = await import('#core/handlers')
      this.#app = await createApplication()
    }
    const handle = this.#app.callback()
    return (req, res) => {
      if (!this.#enforceCsrfChecks) skipCsrfCheck(req)
      void handle(req, res)
    }
  }

  #keep(line: string): void {
    const cookie = readSetCookie(line)
    const written = (line.split(';')[0] as string).trim().slice(cookie.name.length + 1)
    if (isExpired(cookie)) this.cookies.delete(cookie.name)
    else this.cookies.set(cookie.name, written)
  }
}
