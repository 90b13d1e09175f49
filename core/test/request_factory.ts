/** Makes requests without a server or an application, to call a view with. */
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import Koa from 'koa'
import { allowTestHost, beginView, extendKoa, type HttpRequest } from '#core/http'
import { payloadOf, type RequestOptions } from './payload.ts'

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

  /** A request whose body has been read, as a view gets it. */
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
