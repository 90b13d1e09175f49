/** Sessions on node:http by hand, with no framework and no promise kept: what a store costs at the least. */
import { randomUUID } from 'node:crypto'
import type { Listener } from '../server.ts'
import { HELLO } from '../works.ts'
import { cookieFor, keyIn } from './session_cookie.ts'

/** Where the texts of the sessions lie. */
export interface Texts {
  load(key: string): string | undefined | Promise<string | undefined>
  create(key: string, text: string): unknown
  save(key: string, text: string): unknown
}

/** Seconds that a session lives. */
export const AGE = 1_209_600

export function limitOf(texts: Texts): Listener {
  return async function answer(request, response) {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8')
    if (request.url === '/hello') return response.end(HELLO)
    const known = keyIn(request.headers.cookie)
    const text = known === undefined ? undefined : await texts.load(known)
    const session = text === undefined ? { count: 0 } : (JSON.parse(text) as { count: number })
    if (request.url === '/counter') {
      session.count++
      const isKnown = known !== undefined && text !== undefined
      const key = isKnown ? known : randomUUID()
      await texts[isKnown ? 'save' : 'create'](key, JSON.stringify(session))
      response.setHeader('Set-Cookie', cookieFor(key))
    }
    return response.end(String(session.count))
  }
}
