/** Entity tags: made from a body, quoted, and read from If-Match and If-None-Match. */
import { createHash } from 'node:crypto'

const ETAG = /^(?:W\/)?"[^"]*"$/

/** The strong tag of a body. */
export function etagOf(body: Uint8Array | string): string {
  return `"${createHash('md5').update(body).digest('hex')}"`
}

/** A tag in quotes; one that is already an entity tag stays as it is. */
export function quoteEtag(text: string): string {
  return ETAG.test(text) ? text : `"${text}"`
}

/** The tags of a header's list, without those that are none; `*` stands alone. */
export function parseEtags(header: string): string[] {
  if (header.trim() === '*') return ['*']
  return header
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => ETAG.test(tag))
}
