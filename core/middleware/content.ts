/** What is about to be sent, in a form that can be measured and changed, whoever made it. */
import { Readable } from 'node:stream'
import type { Response } from 'koa'

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
