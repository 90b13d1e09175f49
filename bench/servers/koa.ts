/** Koa with a fixed response and no middleware. */
import Koa from 'koa'
import type { Listener } from '../server.ts'
import { HELLO } from '../workloads.ts'

export default (): Listener => {
  const app = new Koa()
  app.use((ctx) => {
    ctx.body = HELLO
  })
  return app.callback()
}
