/** Keys: how they are composed, and which of them some backend could not take. */
import { createHash } from 'node:crypto'
import { getLogger, isLongerThan } from '#core/utils'
import { shownKey } from './errors.ts'

export type KeyFunction = (key: string, prefix: string, version: number) => string

/** Django's key: `prefix:version:key`. */
export const defaultKeyFunction: KeyFunction = (key, prefix, version) => `${prefix}:${version}:${key}`

/** What memcached has against a key. */
export type KeyWarning = 'length' | 'characters'

/** Characters of a key for Django, bytes of one for memcached. */
export const MAX_KEY_LENGTH = 250

/** Spaces and control characters of ASCII: they would end the key in a command to memcached. */
// oxlint-disable-next-line no-control-regex
export const FORBIDDEN_CHARACTERS = /[\0-\x20\x7f]/

/** Whether a string has a UTF-8 form. All lone surrogates would become the same character, and so the same key. */
export const isWellFormed = (text: string): boolean => (text as unknown as { isWellFormed(): boolean }).isWellFormed()

/** What would be wrong with a complete key if it came to memcached. */
export function keyWarnings(key: string): KeyWarning[] {
  const warnings: KeyWarning[] = []
  // Code points are counted, as in Python.
  if (isLongerThan(key, MAX_KEY_LENGTH)) warnings.push('length')
  if (FORBIDDEN_CHARACTERS.test(key)) warnings.push('characters')
  return warnings
}

const TEXTS: Readonly<Record<KeyWarning, string>> = {
  length: `is longer than ${MAX_KEY_LENGTH} characters`,
  characters: 'contains a space or a control character',
}

const keyProblem = (key: string, warning: KeyWarning): string =>
  `The cache key ${JSON.stringify(shownKey(key)).slice(1, -1)} ${TEXTS[warning]}, which memcached cannot take.`

const MARK = '~sha256~'
const DIGEST_LENGTH = 43
const HASHED = /^[\x21-\x7d]{0,64}~sha256~[\w-]{43}$/

/** Whether a key has the form that `hashedKey` makes. */
export const looksHashed = (key: string): boolean =>
  key.startsWith(MARK, key.length - MARK.length - DIGEST_LENGTH) && HASHED.test(key)

/**
 * The key in place of one that a backend cannot hold: 115 characters of ASCII at most. The beginning stays readable,
 * with the prefix and the version. The UTF-16 units are hashed, so that lone surrogates stay apart.
 */
export function hashedKey(key: string): string {
  const [beginning = ''] = /^[\x21-\x7d]{0,64}/.exec(key) ?? []
  return `${beginning}${MARK}${createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('base64url')}`
}

const log = getLogger('django.core.cache')

/** Warns of keys that memcached could not take, as Django's CacheKeyWarning does: once for each kind of fault. */
export class KeyWarner {
  readonly #logged = new Set<KeyWarning>()

  look(key: string): void {
    if (key.length <= MAX_KEY_LENGTH && !FORBIDDEN_CHARACTERS.test(key)) return
    for (const warning of keyWarnings(key)) {
      if (this.#logged.has(warning)) continue
      this.#logged.add(warning)
      log.warning(`CacheKeyWarning: ${keyProblem(key, warning)} Such a key is replaced by its hash where needed.`)
    }
  }
}

// Keys of the fragments that templates cache.

/** A value as Python's str() writes it, for a key that Django makes, too. */
function written(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'string' ? value : `${value as number | bigint}`
}

/** The key of a cached fragment: its name, and the MD5 of what it varies on. */
export function makeTemplateFragmentKey(name: string, varyOn: Iterable<unknown> = []): string {
  const hash = createHash('md5')
  for (const each of varyOn) hash.update(`${written(each)}:`)
  return `template.cache.${name}.${hash.digest('hex')}`
}
