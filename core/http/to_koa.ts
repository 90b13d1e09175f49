/** Puts a view's answer into Koa's response, where the middleware on the way out find it. */
import type { Response } from 'koa'
import { patchVaryHeaders } from './caching.ts'
import { HttpResponse, type HttpResponseBase } from './response.ts'
import { putCookies } from './response_cookies.ts'
import { StreamingHttpResponse } from './streaming.ts'

export function applyResponse(answer: HttpResponseBase, response: Response): void {
  const { res } = response
  response.status = answer.status
  // A middleware may have said on the way in what its part of the answer varies on.
  const varies = res.hasHeader('Vary')
  for (const [name, value] of answer.headers.entries()) {
    if (varies && name.toLowerCase() === 'vary') patchVaryHeaders(response, value.split(','))
    else res.setHeader(name, value)
  }
  if (answer.hasCookies) putCookies(response, answer.cookies)
  if (answer instanceof HttpResponse) {
    const hasType = answer.headers.has('Content-Type')
    response.body = answer.rawContent
    // Koa guesses a type where the view took it away.
    if (!hasType) res.removeHeader('Content-Type')
  } else if (answer instanceof StreamingHttpResponse) {
    const length = answer.headers.get('Content-Length')
    response.body = answer.stream
    // Koa drops the length of what a stream replaces.
    if (length !== undefined) res.setHeader('Content-Length', length)
  }
}
