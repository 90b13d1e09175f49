/** The outermost middleware: checks the host, resolves the URL, and turns errors of middleware into responses. */
import type { Middleware, Response } from 'koa'
import { acceptTarget, applyResponse, type HttpRequest, makePrivate, refuseSecondHost } from '#core/http'
import { Resolver404, type RootResolver } from '#core/urls'
import { getLogger } from '#core/utils'
import { type ErrorResponses, lastResort, logKoaError, logStatus, pathForLog } from './error_responses.ts'

const log = getLogger('django.request')

/** Headers that describe the response that the error response replaces. */
const CONTENT_HEADERS = [
  'Accept-Ranges',
  'Allow',
  'Cache-Control',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Language',
  'Content-Length',
  'Content-Range',
  'Content-Type',
  'ETag',
  'Expires',
  'Last-Modified',
  'Location',
  'Transfer-Encoding',
]

/** Resolves the URL, so that every middleware sees the match. The view dispatch reports a URL without one. */
function resolveUrl(request: HttpRequest, resolver: RootResolver): void {
  const path = request.pathInfo
  try {
    request.resolverMatch = resolver.resolve(path)
  } catch (error) {
    if (!(error instanceof Resolver404)) throw error
  }
}

/** Throws the error of a body stream that failed before the headers were sent. */
function refuseBroken({ body }: Response): void {
  const error = (body as { readonly errored?: unknown } | null | undefined)?.errored
  if (error instanceof Error) throw error
}

async function respondToError(
  error: unknown,
  request: HttpRequest,
  response: Response,
  errors: ErrorResponses,
): Promise<void> {
  if (response.headerSent || !response.writable) {
    logKoaError(error, { request })
    response.res.destroy()
    return
  }
  for (const name of CONTENT_HEADERS) response.remove(name)
  try {
    applyResponse(await errors.answer(request, error), response)
  } catch (second) {
    // The error page has a header or cookie that cannot be sent.
    log.error(`Internal Server Error: ${pathForLog(request)}`, second)
    applyResponse(lastResort(), response)
  }
  // Cookies that are already set are kept, because their session has been saved. Caches must not share them.
  if (response.res.hasHeader('Set-Cookie')) makePrivate(response)
}

/** @param beforeSend is awaited last: Koa sends a response when the outermost middleware has ended */
export function errorBoundary(
  resolver: RootResolver,
  errors: ErrorResponses,
  beforeSend?: () => Promise<void>,
): Middleware {
  return async function nuages({ request, response }, next) {
    try {
      refuseSecondHost(request.req)
      acceptTarget(request)
      request.getHost()
      resolveUrl(request, resolver)
      await next()
      refuseBroken(response)
    } catch (error) {
      await respondToError(error, request, response, errors)
    }
    if (response.status >= 400) logStatus(request, response.status)
    if (beforeSend !== undefined) await beforeSend()
  }
}
