/** What is written about answers that are no success, as Django writes it. */
import { STATUS_CODES } from 'node:http'
import type { HttpRequest } from '#core/http'
import { getLogger } from '#core/utils'

const log = getLogger('django.request')

/** Requests whose answer an error has already told about. */
const told = new WeakSet<HttpRequest>()

export function markAsLogged(request: HttpRequest): void {
  told.add(request)
}

/** The path in one line, whatever the client put into it. */
export function pathForLog(request: HttpRequest): string {
  let path = request.path
  try {
    path = decodeURI(path)
  } catch {
    // A broken percent-escape is shown as it came.
  }
  // oxlint-disable-next-line no-control-regex
  return path.replace(/[\p{C}\\]/gu, (character) => JSON.stringify(character).slice(1, -1))
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

/** Takes what reaches Koa itself: an answer that broke off when its headers had already gone. */
export function logKoaError(error: Error & { code?: string }, ctx?: { request: HttpRequest }): void {
  if (reported.has(error)) return
  reported.add(error)
  const where = ctx === undefined ? '' : `: ${pathForLog(ctx.request)}`
  if (CLIENT_LEFT.has(error.code ?? '')) log.debug(`The client left before the answer was sent${where}`)
  else log.error(`The answer broke off${where}`, error)
}
