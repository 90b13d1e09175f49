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

// When to count the entries of a shared cache: often enough for MAX_ENTRIES to hold, not at every write.

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

  /** Says, before that many entries are written, whether it is time to count those there are. */
  isDue(writes: number): boolean {
    this.#writesUntilCount -= writes
    return this.#writesUntilCount < 0
  }

  /** Tells how many entries there are now. */
  counted(entries: number): void {
    // Other processes write, too: of the room that is left, each of ten may use its share before it counts again.
    this.#writesUntilCount = Math.max(0, Math.floor((this.maxEntries - entries) / 10))
  }

  /** How many of so many entries have to go: all of them where the frequency is 0. */
  surplus(entries: number): number {
    return this.cullFrequency === 0 ? entries : Math.floor(entries / this.cullFrequency)
  }
}

// Whole numbers as text, as Django keeps them on servers that can add to them.

/** Of more digits than this, Python makes no number. */
const WHOLE = /^-?\d{1,4300}$/

/** The text of a whole number; undefined for any other value. */
export function wholeText(value: unknown): string | undefined {
  const isWhole = typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))
  const text = isWhole ? String(value) : ''
  return WHOLE.test(text) ? text : undefined
}

/** The number of such a text; undefined for any other. */
export function wholeNumber(text: string): number | bigint | undefined {
  if (!WHOLE.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value + 0 : BigInt(text)
}
