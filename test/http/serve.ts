/** A Koa application of one view, for tests of core/http that need no settings beside the defaults. */
import Koa, { type Middleware } from 'koa'
import { applyResponse, extendKoa, type HttpRequest, type HttpResponseBase } from '#core/http'

/** The name of an error becomes the answer's text, so that a test can expect it. */
export function appOf(
  view: (request: HttpRequest) => HttpResponseBase | Promise<HttpResponseBase>,
  ...middleware: Middleware[]
): Koa {
  const app = new Koa()
  extendKoa(app)
  app.silent = true
  for (const each of middleware) app.use(each)
  app.use(async ({ request, response }) => {
    try {
      await request.read()
      applyResponse(await view(request), response)
    } catch (error) {
      response.status = 400
      response.body = (error as Error).name
    }
  })
  return app
}
