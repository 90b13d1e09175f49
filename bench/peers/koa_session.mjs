/** koa-session: sessions in the process, in a table with knex, in Redis or in a cookie. */
import Koa from 'koa'
import session from 'koa-session'
import { HELLO, openRedis, openTable } from './common.mjs'

const WEEKS = 1_209_600_000

function memoryStore() {
  const sessions = new Map()
  return {
    get: async (key) => JSON.parse(sessions.get(key) ?? 'null'),
    set: async (key, value) => void sessions.set(key, JSON.stringify(value)),
    destroy: async (key) => void sessions.delete(key),
  }
}

async function tableStore(location) {
  const table = await openTable(location)
  return {
    async get(key) {
      const row = await table().where({ key }).where('expires', '>', Date.now()).first('data')
      return row && JSON.parse(row.data)
    },
    set: (key, value, maxAge) =>
      table()
        .insert({ key, data: JSON.stringify(value), expires: Date.now() + maxAge })
        .onConflict('key')
        .merge(),
    destroy: (key) => table().where({ key }).delete(),
  }
}

async function redisStore(url) {
  const redis = await openRedis(url)
  return {
    get: async (key) => JSON.parse((await redis.get(key)) ?? 'null'),
    set: (key, value, maxAge) => redis.set(key, JSON.stringify(value), { PX: maxAge }),
    destroy: (key) => redis.del(key),
  }
}

const STORES = {
  memory: memoryStore,
  'db-sqlite': tableStore,
  'db-postgresql': tableStore,
  'cache-redis': redisStore,
  signed_cookies: () => undefined,
}

export default async ({ store, location }) => {
  const app = new Koa()
  app.keys = ['only-ever-used-on-127.0.0.1']
  const kept = await STORES[store](location)
  app.use(session({ maxAge: WEEKS, ...(kept && { store: kept }) }, app))
  app.use((ctx) => {
    if (ctx.path === '/hello') ctx.body = HELLO
    else {
      if (ctx.path === '/counter') ctx.session.count = (ctx.session.count ?? 0) + 1
      ctx.body = String(ctx.session.count ?? 0)
    }
  })
  return app.callback()
}
