/** AdonisJS with its session middleware: sessions in the process, in files, in Redis or in an encrypted cookie. */
import { defineConfig as defineApp } from '@adonisjs/core/http'
import { IgnitorFactory } from '@adonisjs/core/factories'
import { defineConfig as defineRedis } from '@adonisjs/redis'
import { defineConfig as defineSession, stores } from '@adonisjs/session'
import { HELLO } from './common.mjs'

const NAMES = { memory: 'memory', file: 'file', 'file-tmpfs': 'file', 'cache-redis': 'redis', signed_cookies: 'cookie' }

function redisAt(url) {
  const { hostname: host, port } = new URL(url)
  return defineRedis({ connection: 'main', connections: { main: { host, port: Number(port) } } })
}

function sessionsIn(name, location) {
  return defineSession({
    age: '14 days',
    clearWithBrowser: false,
    cookieName: 'adonis_session',
    cookie: { path: '/', httpOnly: true, sameSite: 'lax', secure: false },
    store: name,
    stores: {
      cookie: stores.cookie(),
      ...(name === 'file' && { file: stores.file({ location }) }),
      ...(name === 'redis' && { redis: stores.redis({ connection: 'main' }) }),
    },
  })
}

export default async ({ store, location }) => {
  const name = NAMES[store]
  const providers = [() => import('@adonisjs/session/session_provider')]
  if (name === 'redis') providers.unshift(() => import('@adonisjs/redis/redis_provider'))
  const ignitor = new IgnitorFactory()
    .withCoreProviders()
    .withCoreConfig()
    .merge({
      rcFileContents: { providers },
      config: {
        app: { appKey: 'only-ever-used-on-127.0.0.1-and-32-characters', http: defineApp({}) },
        session: sessionsIn(name, location),
        ...(name === 'redis' && { redis: redisAt(location) }),
      },
    })
    .create(new URL('./', import.meta.url), { importer: (file) => import(file) })
  const app = ignitor.createApp('web')
  await app.init()
  await app.boot()
  const [server, router] = await Promise.all([app.container.make('server'), app.container.make('router')])
  server.use([() => import('@adonisjs/session/session_middleware')])
  router.get('/hello', () => HELLO)
  router.get('/read', ({ session }) => String(session.get('count', 0)))
  router.get('/counter', ({ session }) => {
    const count = session.get('count', 0) + 1
    session.put('count', count)
    return String(count)
  })
  await server.boot()
  return server.handle.bind(server)
}
