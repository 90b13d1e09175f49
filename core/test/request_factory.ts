/** Creates requests without a server, and encodes the data that a test sends. */
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import Koa from 'koa'
import { allowTestHost, beginView, extendKoa, type HttpRequest } from '#core/http'

// Conversion of a test's request options to a URL, headers and a body.

type FieldValue = string | number | boolean
/** Form fields by name. A list stands for several fields with the same name. */
export type Fields = Readonly<Record<string, FieldValue | readonly FieldValue[]>>

export interface RequestOptions {
  /** The body: fields or URLSearchParams (a form), FormData (a form with files), a string or bytes. */
  readonly data?: Fields | URLSearchParams | FormData | string | Uint8Array
  /** The body, as JSON. */
  readonly json?: unknown
  /** Fields to append to the path. */
  readonly query?: Fields | URLSearchParams
  readonly headers?: Readonly<Record<string, string>>
  /** Content-Type of a string, bytes or fields. Ignored for FormData and `json`. */
  readonly contentType?: string
  /** Whether it is an HTTPS request. */
  readonly secure?: boolean
}

export interface Payload {
  readonly url: string
  /** Names in lower case. */
  readonly headers: Record<string, string>
  readonly body: Buffer | undefined
}

function toParams(fields: Fields | URLSearchParams): URLSearchParams {
  if (fields instanceof URLSearchParams) return fields
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) {
    for (const each of Array.isArray(value) ? (value as readonly FieldValue[]) : [value as FieldValue]) {
      params.append(name, String(each))
    }
  }
  return params
}

async function bodyOf({ data, json, contentType }: RequestOptions): Promise<[type: string, body: Buffer] | undefined> {
  if (json !== undefined) return ['application/json', Buffer.from(JSON.stringify(json))]
  if (data === undefined) return undefined
  if (typeof data === 'string') return [contentType ?? 'text/plain; charset=utf-8', Buffer.from(data)]
  if (data instanceof Uint8Array) return [contentType ?? 'application/octet-stream', Buffer.from(data)]
  if (data instanceof FormData) {
    const response = new Response(data)
    return [response.headers.get('content-type') as string, Buffer.from(await response.arrayBuffer())]
  }
  return [contentType ?? 'application/x-www-form-urlencoded', Buffer.from(toParams(data).toString())]
}

function withQuery(path: string, query: Fields | URLSearchParams | undefined): string {
  const text = query === undefined ? '' : toParams(query).toString()
  return text === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${text}`
}

export async function payloadOf(path: string, options: RequestOptions): Promise<Payload> {
  const body = await bodyOf(options)
  const headers: Record<string, string> = { host: 'testserver' }
  if (body !== undefined) {
    headers['content-type'] = body[0]
    headers['content-length'] = String(body[1].length)
  }
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = value
  return { url: withQuery(path, options.query), headers, body: body?.[1] }
}

export class RequestFactory {
  readonly #app = new Koa()

  constructor() {
    extendKoa(this.#app)
    allowTestHost('testserver')
  }

  get(path: string, options?: RequestOptions): Promise<HttpRequest> {
    return this.request('GET', path, options)
  }

  head(path: string, options?: RequestOptions): Promise<HttpRequest> {
    return this.request('HEAD', path, options)
  }

  post(path: string, options?: RequestOptions): Promise<HttpRequest> {
    return this.request('POST', path, options)
  }

  put(path: string, options?: RequestOptions): Promise<HttpRequest> {
    return this.request('PUT', path, options)
  }

  patch(path: string, options?: RequestOptions): Promise<HttpRequest> {
    return this.request('PATCH', path, options)
  }

  delete(path: string, options?: RequestOptions): Promise<HttpRequest> {
    return this.request('DELETE', path, options)
  }

  /** A request as a view receives it: its body has been read. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<HttpRequest> {
    const { url, headers, body } = await payloadOf(path, options)
    const socket = Object.defineProperties(new Socket(), {
      encrypted: { value: options.secure ?? false },
      localAddress: { value: 'testserver' },
      localPort: { value: options.secure ? 443 : 80 },
    })
    const req = new IncomingMessage(socket)
    Object.assign(req, { method, url, headers, httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 })
    req.push(body ?? null)
    if (body !== undefined) req.push(null)
    const { request } = this.#app.createContext(req, new ServerResponse(req))
    await request.read()
    beginView(request)
    return request
  }
}
