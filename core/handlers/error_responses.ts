/** Turns errors into responses and logs them: the handlers of the root urlconf, default pages, debug pages. */
import { STATUS_CODES } from 'node:http'
import { foreignStatus, type HttpRequest, HttpResponse, HttpResponseBase, MultiPartParserError } from '#core/http'
import { asError, escapeControls, formatValue, getLogger, ifReadable } from '#core/utils'
import { HttpError } from 'koa'
import { settings } from '#core/conf'
import {
  BadRequest,
  Http404,
  PermissionDenied,
  ServiceUnavailable,
  SuspiciousOperation,
  TooManyRequests,
  UnsupportedMediaType,
} from '#core/exceptions'
import type { ErrorHandlers } from '#core/urls'
import { defaultErrorPage, technical404, technical500 } from '#core/views'

// Logging of unsuccessful responses, in Django's format.

const log = getLogger('django.request')

/** Requests whose error has already been logged. */
const logged = new WeakSet<HttpRequest>()

export function markAsLogged(request: HttpRequest): void {
  logged.add(request)
}

/** The path on one line, with control characters escaped. Never throws. */
export function pathForLog(request: HttpRequest): string {
  const path = ifReadable(() => request.path) ?? ''
  // A path with a malformed percent-escape is logged undecoded.
  const decoded = ifReadable(() => decodeURI(path)) ?? path
  return escapeControls(decoded.replaceAll('\\', '\\\\'))
}

/** Logs `Not Found: /x`: a client error as a warning, a server error as an error. */
export function logStatus(request: HttpRequest, status: number): void {
  if (logged.has(request)) return
  const message = `${STATUS_CODES[status] ?? status}: ${pathForLog(request)}`
  if (status >= 500) log.error(message)
  else log.warning(message)
}

const CLIENT_LEFT = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
])

/** Koa may report one error twice: when the body stream fails, and when the response ends. */
const reported = new WeakSet<Error>()

/** Logs errors that reach Koa: of a response that failed after its headers were sent. Never throws. */
export function logKoaError(thrown: unknown, ctx?: { request: HttpRequest }): void {
  const error = asError(thrown)
  if (reported.has(error)) return
  reported.add(error)
  const where = ctx === undefined ? '' : `: ${pathForLog(ctx.request)}`
  const code = ifReadable(() => (error as { code?: unknown }).code)
  if (typeof code === 'string' && CLIENT_LEFT.has(code)) {
    log.debug(`The client left before the answer was sent${where}`)
  } else log.error(`The answer broke off${where}`, error)
}

type MaybeAsyncResponse = HttpResponseBase | Promise<HttpResponseBase>

/** The response if rendering the error page fails. */
export const lastResort = (): HttpResponse =>
  new HttpResponse('Server Error (500)', { status: 500, contentType: 'text/plain; charset=utf-8' })

export class ErrorResponses {
  readonly #handlers: ErrorHandlers

  constructor(handlers: ErrorHandlers) {
    this.#handlers = handlers
  }

  /** Creates the response to an error. Never rejects. */
  async answer(request: HttpRequest, thrown: unknown): Promise<HttpResponseBase> {
    const error = asError(thrown)
    try {
      return await this.#choose(request, error)
    } catch (second) {
      // Creating the error page failed.
      log.error(`Internal Server Error: ${pathForLog(request)}`, second)
      return lastResort()
    }
  }

  #choose(request: HttpRequest, error: Error): MaybeAsyncResponse {
    // A 404 is logged by the error boundary, like every other unsuccessful response.
    if (error instanceof Http404) return settings.DEBUG ? technical404(request, error) : this.#page(404, request, error)
    if (error instanceof TooManyRequests) return retryPage(429, request, error)
    markAsLogged(request)
    if (error instanceof PermissionDenied) {
      log.warning(`Forbidden (Permission denied): ${pathForLog(request)}`, error)
      return this.#page(403, request, error)
    }
    if (error instanceof MultiPartParserError) {
      log.warning(`Bad request (Unable to parse request body): ${pathForLog(request)}`, error)
      return this.#page(400, request, error)
    }
    if (error instanceof BadRequest) {
      log.warning(`${error.message}: ${pathForLog(request)}`, error)
      return error instanceof UnsupportedMediaType
        ? this.#unsupported(request, error)
        : this.#badRequest(request, error)
    }
    if (error instanceof SuspiciousOperation) {
      getLogger(`django.security.${error.name}`).error(error.message, error)
      return this.#badRequest(request, error)
    }
    if (error instanceof ServiceUnavailable) return serviceUnavailable(request, error)
    const status = foreignStatus(request, error)
    if (status !== undefined) return this.#koaError(request, error, status)
    log.error(`Internal Server Error: ${pathForLog(request)}`, error)
    return settings.DEBUG ? technical500(request, error) : this.#page(500, request, error)
  }

  #badRequest(request: HttpRequest, error: Error): MaybeAsyncResponse {
    if (!settings.DEBUG) return this.#page(400, request, error)
    const page = technical500(request, error)
    page.status = 400
    return page
  }

  async #unsupported(request: HttpRequest, error: Error): Promise<HttpResponseBase> {
    const page = await this.#badRequest(request, error)
    page.status = 415
    return page
  }

  /** For errors of `ctx.throw(401)` and npm middleware: their status, with our page if there is one for it. */
  #koaError(request: HttpRequest, error: Error, status: number): MaybeAsyncResponse {
    const line = `${error.name}: ${pathForLog(request)}`
    if (error instanceof HttpError) log.warning(line)
    else log.warning(line, error)
    if (status === 400 || status === 403 || status === 404) return this.#page(status, request, error)
    const { expose, headers } = error as Partial<InstanceType<typeof HttpError>>
    return new HttpResponse(expose ? error.message : error.name, {
      status,
      contentType: 'text/plain; charset=utf-8',
      headers: (headers ?? {}) as Record<string, string>,
    })
  }

  async #page(status: 400 | 403 | 404 | 500, request: HttpRequest, error: Error): Promise<HttpResponseBase> {
    const handler = this.#handlers[status]
    if (handler === undefined) return defaultErrorPage(status, request, error)
    const response: unknown = await (status === 500 ? handler(request) : handler(request, error))
    if (response instanceof HttpResponseBase) return response
    throw new TypeError(
      `handler${status} of the root urlconf should return an HttpResponse, but returned ${formatValue(response)}.`,
    )
  }
}

function serviceUnavailable(request: HttpRequest, error: ServiceUnavailable): HttpResponse {
  // An outage fails many requests, so each is logged on one line without a stack trace.
  log.error(`Service Unavailable: ${pathForLog(request)}: ${error.message}`)
  return retryPage(503, request, error)
}

function retryPage(status: number, request: HttpRequest, error: { readonly retryAfter: number }): HttpResponse {
  const page = defaultErrorPage(status, request, error)
  page.headers.set('Retry-After', Math.ceil(error.retryAfter))
  return page
}
