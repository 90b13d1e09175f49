/** Conditional GET: adds an ETag, evaluates If-Match and the other conditional headers, and sends 304 or 412. */
import { type HttpRequest, HttpResponse } from '#core/http'
import { etagOf, parseEtags, parseHttpDate } from '#core/web'
import type { Middleware, Response } from 'koa'
import { markAsLogged, pathForLog } from '#core/handlers'
import { getLogger } from '#core/utils'
import { answerInstead, answerNotModified, contentOf, headerOf } from './response_body.ts'

// Evaluates If-Match and the other conditions in the order of RFC 9110, section 13.2.2.

export type ConditionResult = 'send' | 'not modified' | 'precondition failed'

/** The validators of a response. */
export interface Validators {
  readonly etag: string | undefined
  /** Seconds since the epoch. */
  readonly lastModified: number | undefined
}

const withoutWeakPrefix = (tag: string): string => tag.replace(/^W\//, '')

/** Strong comparison: a weak tag never matches. */
function matchesStrongly(tags: readonly string[], etag: string | undefined): boolean {
  if (etag === undefined) return false
  return tags[0] === '*' || (!etag.startsWith('W/') && tags.includes(etag))
}

function matchesWeakly(tags: readonly string[], etag: string | undefined): boolean {
  if (etag === undefined) return false
  return tags[0] === '*' || tags.some((tag) => withoutWeakPrefix(tag) === withoutWeakPrefix(etag))
}

function evaluate(request: HttpRequest, { etag, lastModified }: Validators): ConditionResult {
  const ifMatch = parseEtags(request.get('If-Match'))
  const ifUnmodifiedSince = parseHttpDate(request.get('If-Unmodified-Since'))
  if (ifMatch.length > 0 && !matchesStrongly(ifMatch, etag)) return 'precondition failed'
  if (ifMatch.length === 0 && ifUnmodifiedSince !== undefined) {
    if (lastModified === undefined || lastModified > ifUnmodifiedSince) return 'precondition failed'
  }
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const ifNoneMatch = parseEtags(request.get('If-None-Match'))
  if (ifNoneMatch.length > 0) {
    if (!matchesWeakly(ifNoneMatch, etag)) return 'send'
    return isRead ? 'not modified' : 'precondition failed'
  }
  const ifModifiedSince = parseHttpDate(request.get('If-Modified-Since'))
  if (!isRead || ifModifiedSince === undefined || lastModified === undefined) return 'send'
  return lastModified > ifModifiedSince ? 'send' : 'not modified'
}

const log = getLogger('django.request')

/** Whether caches must not store the response, so that an ETag is useless. */
const isNotStored = (response: Response): boolean =>
  headerOf(response, 'Cache-Control')
    .split(',')
    .some((directive) => directive.trim().toLowerCase() === 'no-store')

function setEtag(response: Response): void {
  if (response.res.hasHeader('ETag') || isNotStored(response)) return
  const content = contentOf(response)
  if (Buffer.isBuffer(content) && content.length > 0) response.set('ETag', etagOf(content))
}

/** The middleware for MIDDLEWARE. */
export function ConditionalGetMiddleware(): Middleware {
  return async function conditionalGet({ request, response }, next) {
    await next()
    // An unsafe request has already taken effect, and a response to HEAD has no body to compute an ETag from.
    if (request.method !== 'GET') return
    setEtag(response)
    const etag = headerOf(response, 'ETag') || undefined
    const lastModified = parseHttpDate(headerOf(response, 'Last-Modified'))
    if (etag === undefined && lastModified === undefined) return
    if (response.status < 200 || response.status >= 300) return
    const result = evaluate(request, { etag, lastModified })
    if (result === 'not modified') answerNotModified(response)
    if (result !== 'precondition failed') return
    log.warning(`Precondition Failed: ${pathForLog(request)}`)
    markAsLogged(request)
    answerInstead(new HttpResponse('', { status: 412 }), response)
  }
}
