/** Keys: how they are composed, and which of them some backend could not take. */
import { getLogger } from '#core/utils'
import { shownKey } from './errors.ts'

export type KeyFunction = (key: string, prefix: string, version: number) => string

/** Django's key: `prefix:version:key`. */
export const defaultKeyFunction: KeyFunction = (key, prefix, version) => `${prefix}:${version}:${key}`

/** What memcached has against a key. */
export type KeyWarning = 'length' | 'characters'

/** Characters of a key for Django, bytes of one for memcached. */
export const MAX_KEY_LENGTH = 250

// Spaces and control characters of ASCII: memcached would take them for the end of the key.
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\0-\x20\x7f]/

/** What would be wrong with a complete key if it came to memcached. */
export function keyWarnings(key: string): KeyWarning[] {
  const warnings: KeyWarning[] = []
  // Code points are counted, as Python counts them; a key of few units has no more of those.
  if (key.length > MAX_KEY_LENGTH && Array.from(key).length > MAX_KEY_LENGTH) warnings.push('length')
  if (FORBIDDEN.test(key)) warnings.push('characters')
  return warnings
}

const TEXTS: Readonly<Record<KeyWarning, string>> = {
  length: `is longer than ${MAX_KEY_LENGTH} characters`,
  characters: 'contains a space or a control character',
}

export const keyProblem = (key: string, warning: KeyWarning): string =>
  `The cache key ${JSON.stringify(shownKey(key)).slice(1, -1)} ${TEXTS[warning]}, which memcached cannot take.`

const log = getLogger('django.core.cache')

/** Warns of keys that memcached could not take, as Django's CacheKeyWarning does: once for each kind of fault. */
export class KeyWarner {
  readonly #told = new Set<KeyWarning>()

  look(key: string): void {
    if (key.length <= MAX_KEY_LENGTH && !FORBIDDEN.test(key)) return
    for (const warning of keyWarnings(key)) {
      if (this.#told.has(warning)) continue
      this.#told.add(warning)
      log.warning(`CacheKeyWarning: ${keyProblem(key, warning)} It is told once.`)
    }
  }
}
