/** Compresses what is worth it, for clients that can read it. */
import type { Middleware, Response } from 'koa'
import { settings } from '#core/conf'
import { patchVaryHeaders } from '#core/http'
import { type Compression, brotliCompression, gzipCompression } from './compression.ts'
import { contentOf, replaceContent } from './content.ts'
import { headerOf } from './headers.ts'

/** Bytes under which it is not worth it. */
const LEAST = 200

/** How much a client wants an encoding, from 0 to 1, by its Accept-Encoding. */
function wish(header: string, encoding: string): number {
  for (const entry of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim())
    if (name !== encoding) continue
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    return quality === undefined ? 1 : Number(quality) || 0
  }
  return 0
}

/** The compression for a client; of two that it wants as much, the better one. */
function chosen(header: string, withBrotli: boolean): Compression | undefined {
  const [gzip, brotli] = [wish(header, 'gzip'), withBrotli ? wish(header, 'br') : 0]
  if (brotli > 0 && brotli >= gzip) return brotliCompression
  return gzip > 0 ? gzipCompression : undefined
}

/** A part of a file cannot be put together with the others when it is compressed by itself. */
const mustStay = (response: Response): boolean =>
  response.res.hasHeader('Content-Encoding') || response.res.hasHeader('Content-Range')

/** The compressed answer is another one, byte for byte, than the one that a strong tag stands for. */
function weakenEtag(response: Response): void {
  const etag = headerOf(response, 'ETag')
  if (etag.startsWith('"')) response.set('ETag', `W/${etag}`)
}

/** The middleware as MIDDLEWARE names it. */
export function GZipMiddleware(): Middleware {
  const withBrotli = settings.GZIP_BROTLI
  return async function gzip({ request, response }, next) {
    await next()
    const content = contentOf(response)
    if (content === undefined || mustStay(response)) return
    if (Buffer.isBuffer(content) && content.length < LEAST) return
    patchVaryHeaders(response, ['Accept-Encoding'])
    const compression = chosen(request.get('Accept-Encoding'), withBrotli)
    if (compression === undefined) return
    const smaller = Buffer.isBuffer(content) ? await compression.bytes(content) : compression.stream(content)
    if (Buffer.isBuffer(content) && Buffer.isBuffer(smaller) && smaller.length >= content.length) return
    replaceContent(response, smaller)
    weakenEtag(response)
    response.set('Content-Encoding', compression.name)
  }
}
