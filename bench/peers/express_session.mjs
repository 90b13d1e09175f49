/** express-session, with its sessions in the process, in a table by connect-session-knex or in Redis by connect-redis. */
import { RedisStore } from 'connect-redis'
import { ConnectSessionKnexStore } from 'connect-session-knex'
import express from 'express'
import session from 'express-session'
import { HELLO, openDatabase, openRedis } from './common.mjs'

const STORES = {
  memory: () => new session.MemoryStore(),
  'db-sqlite': (file) =>
    new ConnectSessionKnexStore({ knex: openDatabase(file), createTable: true, cleanupInterval: 0 }),
  'cache-redis': async (url) => new RedisStore({ client: await openRedis(url) }),
}

export default async ({ store, location }) => {
  const app = express()
  app.use(
    session({
      store: await STORES[store](location),
      secret: 'only-ever-used-on-127.0.0.1',
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 1_209_600_000, sameSite: 'lax' },
    }),
  )
  app.get('/hello', (_request, response) => void response.type('text').send(HELLO))
  app.get('/read', (request, response) => void response.type('text').send(String(request.session.count ?? 0)))
  app.get('/counter', (request, response) => {
    request.session.count = (request.session.count ?? 0) + 1
    response.type('text').send(String(request.session.count))
  })
  return app
}
