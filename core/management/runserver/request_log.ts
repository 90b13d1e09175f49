/** Django's request log, `[21/Nov/2026 07:11:12] "GET / HTTP/1.1" 200 123`, and the dates of the banner. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { clock, getLogger, type Logger, LogLine } from '#core/utils'
import type { Paint, Style } from '../base.ts'

// Dates in the time zone of the site.

type Parts = Readonly<Record<string, string>>

function partsOf(time: number, timeZone: string, month: 'long' | 'short'): Parts {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    year: 'numeric',
    month,
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  return Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]))
}

/** For example `November 21, 2026 - 07:11:12`. */
export function bannerDate(time: number, timeZone: string): string {
  const { month, day, year, hour, minute, second } = partsOf(time, timeZone, 'long')
  return `${month} ${day}, ${year} - ${hour}:${minute}:${second}`
}

/** For example `21/Nov/2026 07:11:12`. */
export function logDate(time: number, timeZone: string): string {
  const { month, day, year, hour, minute, second } = partsOf(time, timeZone, 'short')
  return `${day}/${month}/${year} ${hour}:${minute}:${second}`
}

/** `logDate`, cached for one second, because concurrent requests share it. */
function logDateEachSecond(timeZone: string): (time: number) => string {
  let lastSecond = Number.NaN
  let text = ''
  return (time) => {
    const second = Math.floor(time / 1000)
    if (second !== lastSecond) {
      lastSecond = second
      text = logDate(time, timeZone)
    }
    return text
  }
}

function paintFor(status: number, style: Style): Paint {
  if (status < 200) return style.HTTP_INFO
  if (status < 300) return style.HTTP_SUCCESS
  if (status === 304) return style.HTTP_NOT_MODIFIED
  if (status < 400) return style.HTTP_REDIRECT
  if (status === 404) return style.HTTP_NOT_FOUND
  return status < 500 ? style.HTTP_BAD_REQUEST : style.HTTP_SERVER_ERROR
}

const sizeOf = (chunk: unknown): number => {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk)
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}

/** Counts the bytes of the response body as they are written. For HEAD, the count is 0, because no body is sent. */
function countBody(request: IncomingMessage, response: ServerResponse): () => number {
  let bytes = 0
  for (const method of ['write', 'end'] as const) {
    const original = response[method].bind(response) as (...args: unknown[]) => never
    response[method] = (...args: unknown[]) => {
      bytes += sizeOf(args[0])
      return original(...args)
    }
  }
  return () => (request.method === 'HEAD' ? 0 : bytes)
}

function log(logger: Logger, status: number, line: LogLine): void {
  if (status >= 500) logger.error(line)
  else if (status >= 400) logger.warning(line)
  else logger.info(line)
}

/** Logs one line for each request. */
export function logRequests(server: Server, { style, timeZone }: { style: Style; timeZone: string }): void {
  const logger = getLogger('django.server')
  const date = logDateEachSecond(timeZone)
  server.prependListener('request', (request, response) => {
    const sent = countBody(request, response)
    const { remoteAddress, remotePort } = request.socket
    // Read now, because the application may replace the URL.
    const { method, url } = request
    response.once('close', () => {
      const at = `[${date(clock.now())}]`
      if (!response.headersSent) {
        logger.info(`${at} - Broken pipe from ('${remoteAddress}', ${remotePort})`)
        return
      }
      const { statusCode } = response
      const line = `${at} "${method} ${url} HTTP/${request.httpVersion}" ${statusCode} ${sent()}`
      log(logger, statusCode, new LogLine(line, paintFor(statusCode, style)))
    })
  })
}
