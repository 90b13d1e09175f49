/** Gives answers an ETag, and sends 304 instead of what the client has already. */
import type { Middleware, Response } from 'koa'
import { markAsLogged, pathForLog } from '#core/handlers'
import { HttpResponse } from '#core/http'
import { etagOf, getLogger, parseHttpDate } from '#core/utils'
import { answerInstead, answerNotModified } from './answer.ts'
import { judge } from './conditions.ts'
import { contentOf } from './content.ts'
import { headerOf } from './headers.ts'

const log = getLogger('django.request')

/** Whether no cache may keep the answer, so that an ETag is of no use. */
const isNotStored = (response: Response): boolean =>
  headerOf(response, 'Cache-Control')
    .split(',')
    .some((directive) => directive.trim().toLowerCase() === 'no-store')

function setEtag(response: Response): void {
  if (response.res.hasHeader('ETag') || isNotStored(response)) return
  const content = contentOf(response)
  if (Buffer.isBuffer(content) && content.length > 0) response.set('ETag', etagOf(content))
}

/** The middleware as MIDDLEWARE names it. */
export function ConditionalGetMiddleware(): Middleware {
  return async function conditionalGet({ request, response }, next) {
    await next()
    // It is too late to refuse what an unsafe request has done, and an answer to HEAD has no body to make a tag of.
    if (request.method !== 'GET') return
    setEtag(response)
    const etag = headerOf(response, 'ETag') || undefined
    const lastModified = parseHttpDate(headerOf(response, 'Last-Modified'))
    if (etag === undefined && lastModified === undefined) return
    if (response.status < 200 || response.status >= 300) return
    const verdict = judge(request, { etag, lastModified })
    if (verdict === 'not modified') answerNotModified(response)
    if (verdict !== 'precondition failed') return
    log.warning(`Precondition Failed: ${pathForLog(request)}`)
    markAsLogged(request)
    answerInstead(new HttpResponse('', { status: 412 }), response)
  }
}
