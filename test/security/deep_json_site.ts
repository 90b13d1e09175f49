/** Views that store JSON of a client in the session. */
import type { IncomingMessage } from 'node:http'
import type { Middleware } from 'koa'
import { type HttpRequest, JsonResponse } from '#core/http'
import { path } from '#core/urls'

/** Sets the request's JSON, next to and inside other objects, in the session; returns it. */
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

/** Like `koa-bodyparser`: the parsed body is assigned to the request. */
export const Parser = (): Middleware =>
  async function parser({ req, request }, next) {
    Object.assign(request, await parsedOf(req))
    await next()
  }

/** Like `koa-body` with `patchNode`: the parsed body is assigned to the request of Node. */
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
