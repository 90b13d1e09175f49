/** Handwritten sessions without a framework and without guarantees: the minimal cost of a store. */
import { randomUUID } from 'node:crypto'
import type { Listener, ServerOptions } from '../server.ts'
import { HELLO } from '../workloads.ts'
import { cookieFor, keyIn } from './session_cookie.ts'

/** The stored strings of the sessions, by key. */
export interface Texts {
  readonly load: (key: string) => string | undefined | Promise<string | undefined>
  readonly create: (key: string, text: string) => unknown
  readonly save: (key: string, text: string) => unknown
}

/** Opens a store. Exported by the module of each store, in addition to its listener. */
export type TextsIn = (options: ServerOptions) => Texts | Promise<Texts>

/** Lifetime of a session in seconds. */
export const AGE = 1_209_600

interface Page {
  readonly content: string
  readonly setCookie?: string
}

/** Handles a request with a path and a Cookie header. */
export async function pageFor(texts: Texts, path: string | undefined, cookie: string | undefined): Promise<Page> {
  const known = keyIn(cookie)
  const text = known === undefined ? undefined : await texts.load(known)
  const session = text === undefined ? { count: 0 } : (JSON.parse(text) as { count: number })
  if (path !== '/counter') return { content: String(session.count) }
  session.count++
  const isKnown = known !== undefined && text !== undefined
  const key = isKnown ? known : randomUUID()
  await texts[isKnown ? 'save' : 'create'](key, JSON.stringify(session))
  return { content: String(session.count), setCookie: cookieFor(key) }
}

/** A server on node:http. */
export const limitWith =
  (textsIn: TextsIn) =>
  async (options: ServerOptions): Promise<Listener> => {
    const texts = await textsIn(options)
    return async function handle(request, response) {
      response.setHeader('Content-Type', 'text/plain; charset=utf-8')
      if (request.url === '/hello') return response.end(HELLO)
      const { content, setCookie } = await pageFor(texts, request.url, request.headers.cookie)
      if (setCookie !== undefined) response.setHeader('Set-Cookie', setCookie)
      return response.end(content)
    }
  }
