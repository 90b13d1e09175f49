/** The numbers in an entry of CACHES, read as in Django, and the culling of a cache that is too large. */

/** The part of an entry of CACHES with its parameters. */
export interface CacheEntry {
  readonly TIMEOUT?: unknown
  readonly VERSION?: unknown
  readonly KEY_PREFIX?: unknown
  readonly OPTIONS?: Readonly<Record<string, unknown>> | undefined
}

export interface CacheNumbers {
  /** Seconds; null for no expiry. */
  readonly timeout: number | null
  readonly keyPrefix: string
  readonly version: number
  readonly maxEntries: number
  /** 3 drops one entry in three when there are too many; 0 drops all. */
  readonly cullFrequency: number
}

const DEFAULT_TIMEOUT = 300
const MAX_ENTRIES = 300
const CULL_FREQUENCY = 3

/** As Python's int(): a number without its fraction, or an integer in a string. Anything else is the default. */
function toInteger(value: unknown, fallback: number): number {
  if (typeof value === 'number' && Number.isFinite(value)) return Math.trunc(value)
  return typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : fallback
}

/** MAX_ENTRIES and CULL_FREQUENCY of OPTIONS. */
export function cullNumbers(options: Readonly<Record<string, unknown>> = {}) {
  return {
    maxEntries: Math.max(0, toInteger(options.MAX_ENTRIES, MAX_ENTRIES)),
    cullFrequency: Math.max(0, toInteger(options.CULL_FREQUENCY, CULL_FREQUENCY)),
  }
}

export function cacheNumbers({ TIMEOUT, VERSION, KEY_PREFIX, OPTIONS }: CacheEntry): CacheNumbers {
  return {
    timeout: TIMEOUT === null ? null : toInteger(TIMEOUT, DEFAULT_TIMEOUT),
    keyPrefix: typeof KEY_PREFIX === 'string' ? KEY_PREFIX : '',
    version: toInteger(VERSION, 1),
    ...cullNumbers(OPTIONS),
  }
}

/** Decides when to count the entries of a shared cache: often enough to observe MAX_ENTRIES, but not at every write. */
export class Culling {
  readonly maxEntries: number
  readonly cullFrequency: number
  #writesUntilCount = 0

  /** @param options OPTIONS of the cache's entry */
  constructor(options: Readonly<Record<string, unknown>>) {
    const { maxEntries, cullFrequency } = cullNumbers(options)
    this.maxEntries = maxEntries
    this.cullFrequency = cullFrequency
  }

  /** Whether to count the entries before this number of writes. */
  isDue(writes: number): boolean {
    this.#writesUntilCount -= writes
    return this.#writesUntilCount < 0
  }

  /** Reports the current number of entries. */
  counted(entries: number): void {
    // Other processes write, too: up to ten may each use a tenth of the remaining room before they count again.
    this.#writesUntilCount = Math.max(0, Math.floor((this.maxEntries - entries) / 10))
  }

  /** How many of this number of entries to drop. All if the frequency is 0. */
  surplus(entries: number): number {
    return this.cullFrequency === 0 ? entries : Math.floor(entries / this.cullFrequency)
  }
}

// Integers as decimal strings, as Django stores them on servers that can add to them.

/** Python parses no more digits than this. */
const INTEGER = /^-?\d{1,4300}$/

/** An integer as a decimal string; undefined for any other value. */
export function integerString(value: unknown): string | undefined {
  const isInteger = typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))
  const digits = isInteger ? String(value) : ''
  return INTEGER.test(digits) ? digits : undefined
}

/** The integer in a decimal string; undefined for any other string. */
export function parseInteger(digits: string): number | bigint | undefined {
  if (!INTEGER.test(digits)) return undefined
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value + 0 : BigInt(digits)
}
