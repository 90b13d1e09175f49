/** The Accept headers of a request, read by the package `accepts`. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import accepts, { type Accepts } from 'accepts'

const NAMES = ['accept', 'accept-charset', 'accept-encoding', 'accept-language'] as const

/** The most characters that are read of a header. The package takes quadratic time for quotes; browsers send about 200. */
const MAX_LENGTH = 4096

/** The entries of a header that end within the limit. */
const bounded = (header: string): string =>
  header.length <= MAX_LENGTH ? header : header.slice(0, Math.max(0, header.lastIndexOf(',', MAX_LENGTH)))

/** What a client accepts, in linear time: `acceptsOf(req.headers).encodings(['br', 'gzip'])`. */
export function acceptsOf(headers: IncomingHttpHeaders): Accepts {
  const read: Record<string, string> = {}
  for (const name of NAMES) {
    const header = headers[name]
    if (header !== undefined) read[name] = bounded(String(header))
  }
  return accepts({ headers: read } as unknown as IncomingMessage)
}
