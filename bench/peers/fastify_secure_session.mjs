/** @fastify/secure-session: the session is stored in an encrypted cookie. */
import secureSession from '@fastify/secure-session'
import fastify from 'fastify'
import { listenerOf } from './fastify_routes.mjs'

export default async () => {
  const app = fastify()
  app.register(secureSession, {
    key: Buffer.alloc(32, 'only-ever-used-on-127.0.0.1'),
    cookie: { path: '/', httpOnly: true, sameSite: 'lax', maxAge: 1_209_600 },
  })
  return listenerOf(app)
}
