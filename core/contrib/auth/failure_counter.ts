/** A counter of failures within a period, in a cache. */
import { type Cache, CacheKeyNotFound } from '#core/cache'
import { unixSeconds } from '#core/utils'

/**
 * A counter's value is `end of the period × STEP + ZERO + failures`: one atomic number holds both, and stays below 2^53. ZERO
 * leaves room below: an attempt of the previous period may be undone in this one.
 */
const STEP = 1_000_000
const ZERO = STEP / 2

/** The failures of one key within a period. */
export class FailureCounter {
  readonly key: string
  readonly limit: number
  readonly #cache: Cache
  readonly #period: number

  constructor(cache: Cache, key: string, limit: number, period: number) {
    this.key = key
    this.limit = limit
    this.#cache = cache
    this.#period = period
  }

  /** Counts an attempt. Returns the seconds to wait if that exceeds the limit, else 0. */
  async count(): Promise<number> {
    const now = unixSeconds()
    const value = await this.#increment((now + this.#period) * STEP + ZERO + 1)
    if ((value % STEP) - ZERO <= this.limit) return 0
    // Servers' clocks differ a little, so the end may be past while the cache still has the value.
    return Math.max(1, Math.floor(value / STEP) - now)
  }

  async #increment(first: number): Promise<number> {
    for (let tries = 0; tries < 3; tries++) {
      if (await this.#cache.add(this.key, first, this.#period)) return first
      try {
        return await this.#cache.incr(this.key)
      } catch (error) {
        // It expired between the two calls.
        if (!(error instanceof CacheKeyNotFound)) throw error
      }
    }
    throw new Error('The cache neither adds the counter of failed logins nor finds it.')
  }

  /** Undoes the count of an attempt that was not a failure. */
  async undo(): Promise<void> {
    try {
      await this.#cache.decr(this.key)
    } catch (error) {
      if (!(error instanceof CacheKeyNotFound)) throw error
    }
  }

  async reset(): Promise<void> {
    await this.#cache.delete(this.key)
  }
}
