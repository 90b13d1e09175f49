/** The limit on Koa: the handwritten pages, with batched access to databases. */
import Koa from 'koa'
import type { Listener, ServerOptions } from '../server.ts'
import { HELLO } from '../workloads.ts'
import { pageFor, type TextsIn } from './limit.ts'

const MODULES: Readonly<Record<string, string>> = {
  'db-sqlite': './limit_sqlite_gathered.ts',
  'db-postgresql': './limit_postgresql_gathered.ts',
  'cache-redis': './limit_redis.ts',
  memory: './limit_memory.ts',
  file: './limit_file.ts',
  'file-tmpfs': './limit_file.ts',
}

export default async (options: ServerOptions): Promise<Listener> => {
  const { textsIn } = (await import(MODULES[options.store] as string)) as { textsIn: TextsIn }
  const texts = await textsIn(options)
  const app = new Koa()
  app.use(async (ctx) => {
    if (ctx.path === '/hello') {
      ctx.body = HELLO
      return
    }
    const { content, setCookie } = await pageFor(texts, ctx.path, ctx.get('Cookie'))
    if (setCookie !== undefined) ctx.set('Set-Cookie', setCookie)
    ctx.body = content
  })
  return app.callback()
}
