/** Cache keys: how they are composed, and which keys some backends cannot use. */
import { createHash } from 'node:crypto'
import { getLogger, isLongerThan } from '#core/utils'
import { shownKey } from './errors.ts'

export type KeyFunction = (key: string, prefix: string, version: number) => string

/** Django's key: `prefix:version:key`. */
export const defaultKeyFunction: KeyFunction = (key, prefix, version) => `${prefix}:${version}:${key}`

/** Why memcached rejects a key. */
export type KeyWarning = 'length' | 'characters'

/** Maximum length of a key: characters in Django, bytes in memcached. */
export const MAX_KEY_LENGTH = 250

/** ASCII spaces and control characters, which end the key in a memcached command. */
// oxlint-disable-next-line no-control-regex
export const FORBIDDEN_CHARACTERS = /[\0-\x20\x7f]/

/** Whether a string has a UTF-8 encoding. All lone surrogates are encoded as the same character, and so the same key. */
export const isWellFormed = (key: string): boolean => (key as unknown as { isWellFormed(): boolean }).isWellFormed()

/** Why memcached would reject a complete key; empty if it would not. */
export function keyWarnings(key: string): KeyWarning[] {
  const warnings: KeyWarning[] = []
  // In code points, as in Python.
  if (isLongerThan(key, MAX_KEY_LENGTH)) warnings.push('length')
  if (FORBIDDEN_CHARACTERS.test(key)) warnings.push('characters')
  return warnings
}

const PROBLEMS: Readonly<Record<KeyWarning, string>> = {
  length: `is longer than ${MAX_KEY_LENGTH} characters`,
  characters: 'contains a space or a control character',
}

const keyProblem = (key: string, warning: KeyWarning): string =>
  `The cache key ${JSON.stringify(shownKey(key)).slice(1, -1)} ${PROBLEMS[warning]}, which memcached does not accept.`

const MARK = '~sha256~'
const DIGEST_LENGTH = 43
const HASHED = /^[\x21-\x7d]{0,64}~sha256~[\w-]{43}$/

/** Whether a key has the form of a result of `hashedKey`. */
export const looksHashed = (key: string): boolean =>
  key.startsWith(MARK, key.length - MARK.length - DIGEST_LENGTH) && HASHED.test(key)

/**
 * Replaces a key that a backend cannot use. At most 115 ASCII characters; the beginning, with the prefix and the version,
 * stays readable. The UTF-16 code units are hashed, so that lone surrogates stay distinct.
 */
export function hashedKey(key: string): string {
  const [beginning = ''] = /^[\x21-\x7d]{0,64}/.exec(key) ?? []
  return `${beginning}${MARK}${createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('base64url')}`
}

const log = getLogger('django.core.cache')

/** Logs Django's CacheKeyWarning for keys that memcached rejects, once for each kind of problem. */
export class KeyWarner {
  readonly #logged = new Set<KeyWarning>()

  check(key: string): void {
    if (key.length <= MAX_KEY_LENGTH && !FORBIDDEN_CHARACTERS.test(key)) return
    for (const warning of keyWarnings(key)) {
      if (this.#logged.has(warning)) continue
      this.#logged.add(warning)
      log.warning(`CacheKeyWarning: ${keyProblem(key, warning)} Such a key is replaced by its hash where needed.`)
    }
  }
}

// Keys of template fragments.

/** A value as Python's str() writes it, so that the key is the same as Django's. */
function pythonStr(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'string' ? value : `${value as number | bigint}`
}

/** The key of a cached template fragment: its name, and the MD5 of the values that it varies on. */
export function makeTemplateFragmentKey(name: string, varyOn: Iterable<unknown> = []): string {
  const hash = createHash('md5')
  for (const each of varyOn) hash.update(`${pythonStr(each)}:`)
  return `template.cache.${name}.${hash.digest('hex')}`
}
