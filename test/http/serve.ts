/** A Koa application of one view, for tests of core/http with default settings. */
import Koa, { type Middleware } from 'koa'
import { applyResponse, extendKoa, type HttpRequest, type HttpResponseBase } from '#core/http'

/** The response contains the name of the error, so that a test can check it. */
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
