/** What is written about answers that are no success, as Django writes it. */
import { STATUS_CODES } from 'node:http'
import type { HttpRequest } from '#core/http'
import { asError, escapeControls, getLogger, ifReadable } from '#core/utils'

const log = getLogger('django.request')

/** Requests whose answer an error has already told about. */
const told = new WeakSet<HttpRequest>()

export function markAsLogged(request: HttpRequest): void {
  told.add(request)
}

/** The path in one line, whatever the client put into it. Never throws. */
export function pathForLog(request: HttpRequest): string {
  const path = ifReadable(() => request.path) ?? ''
  // A malformed percent-escape is shown as it was sent.
  const decoded = ifReadable(() => decodeURI(path)) ?? path
  return escapeControls(decoded.replaceAll('\\', '\\\\'))
}

/** `Not Found: /x`: a warning for what the client did, an error for what we did. */
export function logStatus(request: HttpRequest, status: number): void {
  if (told.has(request)) return
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

/** Koa may tell of one error twice: when the stream of the answer fails, and when the answer is over. */
const reported = new WeakSet<Error>()

/** Logs what reaches Koa itself: a response that failed after its headers were sent. Never throws. */
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
