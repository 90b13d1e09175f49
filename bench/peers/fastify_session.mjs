/** @fastify/session: sessions in the process, or in Redis with connect-redis. */
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import { RedisStore } from 'connect-redis'
import fastify from 'fastify'
import { openRedis } from './common.mjs'
import { listenerOf } from './fastify_routes.mjs'

export default async ({ store, location }) => {
  const app = fastify()
  app.register(cookie)
  app.register(session, {
    secret: 'only-ever-used-on-127.0.0.1-and-32-characters',
    saveUninitialized: false,
    rolling: false,
    cookie: { maxAge: 1_209_600_000, secure: false, sameSite: 'lax' },
    ...(store === 'cache-redis' && { store: new RedisStore({ client: await openRedis(location) }) }),
  })
  return listenerOf(app)
}
