/** Views that keep in the session what a client sends as JSON. */
import type { IncomingMessage } from 'node:http'
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

async function parsedOf(req: IncomingMessage): Promise<{ readonly body: unknown }> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return { body: JSON.parse(Buffer.concat(chunks).toString()) as unknown }
}

/** As `koa-bodyparser`: what was parsed is assigned to the request. */
export const Parser = (): Middleware =>
  async function parser({ req, request }, next) {
    Object.assign(request, await parsedOf(req))
    await next()
  }

/** As `koa-body` with `patchNode`: what was parsed is assigned to the request of Node. */
export const NodeParser = (): Middleware =>
  async function parser({ req }, next) {
    Object.assign(req, await parsedOf(req))
    await next()
  }

function keepParsed(request: HttpRequest): JsonResponse {
  request.session.set('sent', request.body)
  return new JsonResponse({ ok: true })
}

export const urlpatterns = [path('keep', keep), path('parsed', keepParsed)]
