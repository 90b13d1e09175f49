/** Reads and replaces the body and the headers of a response, whichever middleware set them. */
import type { Response } from 'koa'
import { applyResponse, type HttpResponseBase } from '#core/http'
import { Readable } from 'node:stream'

/** Headers that speak of the content that is no longer sent. */
const OF_THE_CONTENT = [
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

/** Headers by which caches know an answer; a 304 keeps them. */
const OF_CACHES = ['Cache-Control', 'ETag', 'Expires', 'Last-Modified']

function removeAll(response: Response, names: readonly string[]): void {
  for (const name of names) response.remove(name)
}

/** Sends this answer instead. What middleware further out has said of every answer stays. */
export function answerInstead(answer: HttpResponseBase, response: Response): void {
  removeAll(response, OF_THE_CONTENT)
  removeAll(response, OF_CACHES)
  applyResponse(answer, response)
}

/** Tells the client that what it has is still good. */
export function answerNotModified(response: Response): void {
  removeAll(response, OF_THE_CONTENT)
  response.status = 304
  response.body = null
}

// The body of a response in a form that can be measured and changed, whichever middleware set it.

/** The bytes of an answer, or the stream of them; undefined where there are none, or in a form that is Koa's to send. */
export function contentOf({ body }: Response): Buffer | Readable | undefined {
  const content: unknown = body
  if (typeof content === 'string') return Buffer.from(content)
  if (Buffer.isBuffer(content) || content instanceof Readable) return content
  return undefined
}

/** Sends other bytes in the place of those that `contentOf` gave. */
export function replaceContent(response: Response, content: Buffer | Readable): void {
  const hadType = response.res.hasHeader('Content-Type')
  response.body = content
  // Koa guesses a type where there was none.
  if (!hadType) response.remove('Content-Type')
  if (content instanceof Readable) response.remove('Content-Length')
}

// A header of a response as a string, whichever middleware set it.

/** Its value, of several the list of them; empty where it is not there. */
export function headerOf({ res }: Response, name: string): string {
  const value = res.getHeader(name)
  return Array.isArray(value) ? value.join(', ') : String(value ?? '')
}
