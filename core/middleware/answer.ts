/** Answers that take the place of what the view, or another middleware, has answered already. */
import type { Response } from 'koa'
import { applyResponse, type HttpResponseBase } from '#core/http'

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
