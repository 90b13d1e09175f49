/** Views that keep in the session what a client sends as JSON. */
import type { Middleware } from 'koa'
import { type HttpRequest, JsonResponse } from '#core/http'
import { path } from '#core/urls'

/** Sets what it is sent, beside and inside of other objects, in the session; gives it back. */
async function keep(request: HttpRequest): Promise<JsonResponse> {
  const value = request.json()
  request.session.set('sent', value)
  request.session.set('around', { it: [{ stands: { inside: value } }] })
  await request.session.save()
  return new JsonResponse({ value })
}

/** As `koa-bodyparser`: what was parsed is assigned to the request. */
export const Parser = (): Middleware =>
  async function parser({ req, request }, next) {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const parsed = request as { body: unknown }
    parsed.body = JSON.parse(Buffer.concat(chunks).toString()) as unknown
    await next()
  }

function keepParsed(request: HttpRequest): JsonResponse {
  request.session.set('sent', request.body)
  return new JsonResponse({ ok: true })
}

export const urlpatterns = [path('keep', keep), path('parsed', keepParsed)]
