/** express-session with its usual stores: sessions in the process, in a table, in files or in Redis. */
import connectPgSimple from 'connect-pg-simple'
import { RedisStore } from 'connect-redis'
import { ConnectSessionKnexStore } from 'connect-session-knex'
import express from 'express'
import session from 'express-session'
import { Pool } from 'pg'
import sessionFileStore from 'session-file-store'
import { HELLO, openDatabase, openRedis, postgresqlOf } from './common.mjs'

function filesIn(path) {
  const FileStore = sessionFileStore(session)
  return new FileStore({ path, ttl: 1_209_600, reapInterval: -1, logFn() {} })
}

const STORES = {
  memory: () => new session.MemoryStore(),
  'db-sqlite': (file) =>
    new ConnectSessionKnexStore({ knex: openDatabase(file), createTable: true, cleanupInterval: 0 }),
  'db-postgresql': (location) => {
    const PgStore = connectPgSimple(session)
    const pool = new Pool(postgresqlOf(location))
    return new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false })
  },
  file: filesIn,
  'file-tmpfs': filesIn,
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
