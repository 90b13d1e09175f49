/** The numbers of an entry of CACHES, read as Django reads them: what is no number is the default. */

/** An entry of CACHES, as far as its numbers go. */
export interface CacheEntry {
  readonly TIMEOUT?: unknown
  readonly VERSION?: unknown
  readonly KEY_PREFIX?: unknown
  readonly OPTIONS?: Readonly<Record<string, unknown>> | undefined
}

export interface CacheNumbers {
  /** Seconds; null for ever. */
  readonly timeout: number | null
  readonly keyPrefix: string
  readonly version: number
  readonly maxEntries: number
  /** One entry in so many is dropped when there are too many; 0 drops all. */
  readonly cullFrequency: number
}

const DEFAULT_TIMEOUT = 300
const MAX_ENTRIES = 300
const CULL_FREQUENCY = 3

/** As Python's int(): a number without its fraction, or the text of a whole number. */
function whole(value: unknown, fallback: number): number {
  if (typeof value === 'number' && Number.isFinite(value)) return Math.trunc(value)
  return typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : fallback
}

/** MAX_ENTRIES and CULL_FREQUENCY of OPTIONS. */
export function cullNumbers(options: Readonly<Record<string, unknown>> = {}) {
  return {
    maxEntries: Math.max(0, whole(options.MAX_ENTRIES, MAX_ENTRIES)),
    cullFrequency: Math.max(0, whole(options.CULL_FREQUENCY, CULL_FREQUENCY)),
  }
}

export function cacheNumbers({ TIMEOUT, VERSION, KEY_PREFIX, OPTIONS }: CacheEntry): CacheNumbers {
  return {
    timeout: TIMEOUT === null ? null : whole(TIMEOUT, DEFAULT_TIMEOUT),
    keyPrefix: typeof KEY_PREFIX === 'string' ? KEY_PREFIX : '',
    version: whole(VERSION, 1),
    ...cullNumbers(OPTIONS),
  }
}
