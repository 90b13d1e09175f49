/** Koa with a counter in a Map, written by hand: the least that sessions can cost on Koa. */
import { randomUUID } from 'node:crypto'
import Koa from 'koa'
import type { Listener } from '../server.ts'
import { HELLO } from '../works.ts'
import { cookieFor, keyIn } from './session_cookie.ts'

export default (): Listener => {
  const sessions = new Map<string, { count: number }>()
  const app = new Koa()
  app.use((ctx) => {
    if (ctx.path === '/hello') {
      ctx.body = HELLO
      return
    }
    let key = keyIn(ctx.get('Cookie'))
    let session = key === undefined ? undefined : sessions.get(key)
    if (session === undefined || key === undefined) {
      session = { count: 0 }
      key = randomUUID()
      sessions.set(key, session)
    }
    if (ctx.path === '/counter') {
      session.count++
      ctx.set('Set-Cookie', cookieFor(key))
    }
    ctx.body = String(session.count)
  })
  return app.callback()
}
