/** Reads and replaces the body and the headers of a response, whichever middleware set them. */
import type { Response } from 'koa'
import { applyResponse, type HttpResponseBase } from '#core/http'
import { Readable } from 'node:stream'

/** Headers that describe the replaced content. */
const CONTENT_HEADERS = [
  'Accept-Ranges',
  'Allow',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Language',
  'Content-Length',
  'Content-Range',
  'Content-Type',
  'Location',
  'Transfer-Encoding',
]

/** Headers for caches. A 304 keeps them. */
const CACHE_HEADERS = ['Cache-Control', 'ETag', 'Expires', 'Last-Modified']

function removeAll(response: Response, names: readonly string[]): void {
  for (const name of names) response.remove(name)
}

/** Replaces a response. Headers that outer middleware sets for every response are kept. */
export function answerInstead(answer: HttpResponseBase, response: Response): void {
  removeAll(response, CONTENT_HEADERS)
  removeAll(response, CACHE_HEADERS)
  applyResponse(answer, response)
}

/** Turns a response into a 304 without a body. */
export function answerNotModified(response: Response): void {
  removeAll(response, CONTENT_HEADERS)
  response.status = 304
  response.body = null
}

// The body of a response as bytes or a stream, whichever middleware set it.

/** The body as bytes or a stream; undefined if there is none, or one in a form that only Koa can send. */
export function contentOf({ body }: Response): Buffer | Readable | undefined {
  const content: unknown = body
  if (typeof content === 'string') return Buffer.from(content)
  if (Buffer.isBuffer(content) || content instanceof Readable) return content
  return undefined
}

/** Replaces the body that `contentOf` returned. */
export function replaceContent(response: Response, content: Buffer | Readable): void {
  const hadType = response.res.hasHeader('Content-Type')
  response.body = content
  // Koa sets a type if there is none.
  if (!hadType) response.remove('Content-Type')
  if (content instanceof Readable) response.remove('Content-Length')
}

// A header of a response as a string, whichever middleware set it.

/** The value of a header, several joined by commas; empty if it is absent. */
export function headerOf({ res }: Response, name: string): string {
  const value = res.getHeader(name)
  return Array.isArray(value) ? value.join(', ') : String(value ?? '')
}
