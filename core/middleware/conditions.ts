/** Judges If-Match and its siblings, in the order of RFC 9110, section 13.2.2. */
import type { HttpRequest } from '#core/http'
import { parseEtags, parseHttpDate } from '#core/utils'

export type ConditionResult = 'send' | 'not modified' | 'precondition failed'

/** What the answer says of itself. */
export interface Validators {
  readonly etag: string | undefined
  /** Seconds since the epoch. */
  readonly lastModified: number | undefined
}

const weak = (tag: string): string => tag.replace(/^W\//, '')

/** Strong comparison: a weak tag stands for several contents, so that it equals nothing. */
function matchesStrongly(tags: readonly string[], etag: string | undefined): boolean {
  if (etag === undefined) return false
  return tags[0] === '*' || (!etag.startsWith('W/') && tags.includes(etag))
}

function matchesWeakly(tags: readonly string[], etag: string | undefined): boolean {
  if (etag === undefined) return false
  return tags[0] === '*' || tags.some((tag) => weak(tag) === weak(etag))
}

export function judge(request: HttpRequest, { etag, lastModified }: Validators): ConditionResult {
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
