/** hono-sessions: sessions in the process. */
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { MemoryStore, sessionMiddleware } from 'hono-sessions'
import { HELLO } from './common.mjs'

export default () => {
  const app = new Hono()
  app.use(
    '*',
    sessionMiddleware({
      store: new MemoryStore(),
      expireAfterSeconds: 1_209_600,
      cookieOptions: { path: '/', httpOnly: true, sameSite: 'Lax' },
    }),
  )
  app.get('/hello', (c) => c.text(HELLO))
  app.get('/read', (c) => c.text(String(c.get('session').get('count') ?? 0)))
  app.get('/counter', (c) => {
    const session = c.get('session')
    const count = (session.get('count') ?? 0) + 1
    session.set('count', count)
    return c.text(String(count))
  })
  return getRequestListener(app.fetch)
}
