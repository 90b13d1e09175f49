/** The routes of the Fastify peers. */
import { HELLO } from './common.mjs'

export async function listenerOf(app) {
  app.get('/hello', async () => HELLO)
  app.get('/read', async ({ session }) => String(session.get('count') ?? 0))
  app.get('/counter', async ({ session }) => {
    const count = (session.get('count') ?? 0) + 1
    session.set('count', count)
    return String(count)
  })
  await app.ready()
  return (request, response) => app.routing(request, response)
}
