/** The cache API for views: Django's methods, keys and timeouts over one store. */
import { altersData, formatValue, getLogger } from '#core/utils'
import { setOwn } from '#core/serialization'
import { RefusedPickle } from '#core/serialization/pickle'
import { CacheKeyNotFound, InvalidCacheKey, InvalidCacheValue, RefusedCacheValue, shownKey } from './errors.ts'
import { defaultKeyFunction, type KeyFunction } from './keys.ts'
import type { CacheStore, CacheTableName, CasResult, StoredValue } from './store.ts'

export interface CacheParameters {
  /** Default timeout in seconds; null for no expiry. */
  readonly timeout?: number | null
  readonly keyPrefix?: string
  readonly version?: number
  readonly keyFunction?: KeyFunction
}

/** Seconds; null for no expiry; 0 or less expires immediately. Undefined means the default timeout of the cache. */
export type Timeout = number | null | undefined

/** A value, and a token by which `cas` detects whether it has changed. */
export interface TokenedValue {
  readonly value: unknown
  readonly token: string
}

/** A longer timeout means no expiry: servers cannot represent it in milliseconds. */
const MAX_SECONDS = Number.MAX_SAFE_INTEGER / 1000

function checkedDelta(delta: number): number {
  if (Number.isSafeInteger(delta)) return delta
  throw new TypeError(`Only a whole number can be added, found ${formatValue(delta)}.`)
}

const log = getLogger('django.security.SuspiciousCache')

/** How many keys of refused values are remembered as logged. */
const MAX_LOGGED = 1000

/**
 * Values are what JSON can represent and, where they are pickled, also bytes (Uint8Array) and sets. If the backend fails,
 * the call rejects; it never returns a miss. As in Django, the last parameter of every method is the version of the key.
 */
export class Cache {
  readonly #store: CacheStore
  readonly #timeout: number | null
  readonly #keyPrefix: string
  readonly #version: number
  readonly #keyFunction: KeyFunction
  /** Keys whose values were refused and logged. */
  readonly #refused = new Set<string>()

  /** The synchronous version of `gets`, if the cache is in this process. */
  readonly getsSync?: (key: string, version?: number) => TokenedValue | undefined

  constructor(store: CacheStore, parameters: CacheParameters = {}) {
    this.#store = store
    this.#timeout = parameters.timeout === undefined ? 300 : parameters.timeout
    this.#keyPrefix = parameters.keyPrefix ?? ''
    this.#version = parameters.version ?? 1
    this.#keyFunction = parameters.keyFunction ?? defaultKeyFunction
    const read = store.getWithTokenSync
    if (read !== undefined) this.getsSync = (key, version) => this.#tokened(read(this.#fullKey(key, version)), key)
  }

  /** Database tables that this cache needs. */
  get tables(): readonly CacheTableName[] {
    return this.#store.tables
  }

  /**
   * The complete key: prefix, version and key. A backend that cannot use it stores the value under its hash.
   * @throws TypeError for a version that is not a whole number
   */
  makeKey(key: string, version = this.#version): string {
    if (!Number.isSafeInteger(version))
      throw new TypeError(`A version is a whole number, found ${formatValue(version)}.`)
    return this.#keyFunction(key, this.#keyPrefix, version)
  }

  /** The key in the store. @throws InvalidCacheKey if KEY_FUNCTION does not return a string */
  #fullKey(key: string, version: number | undefined): string {
    const fullKey: unknown = this.makeKey(key, version)
    if (typeof fullKey === 'string') return this.#store.storedKey(fullKey)
    throw new InvalidCacheKey(`The cache's KEY_FUNCTION should return a string, found ${formatValue(fullKey)}.`)
  }

  #encode(value: unknown, key: string): string {
    return this.#store.encode(value, `The value of cache key ${shownKey(key)}`)
  }

  #decode(stored: string, key: string, token?: string): unknown {
    try {
      return this.#store.decode(stored)
    } catch (cause) {
      throw this.#unreadable(cause, key, token)
    }
  }

  #unreadable(cause: unknown, key: string, token: string | undefined): InvalidCacheValue {
    const what = `What the cache holds under the key ${shownKey(key)}`
    const why = cause instanceof Error ? cause.message : String(cause)
    if (!(cause instanceof RefusedPickle)) {
      return new InvalidCacheValue(`${what} cannot be read: another program may have written it. ${why}`, {
        cause,
        token,
      })
    }
    const message = `${what} is refused: another program wrote it. ${why} Keep such values under other keys, or delete it.`
    if (!this.#refused.has(key)) {
      if (this.#refused.size >= MAX_LOGGED) this.#refused.clear()
      this.#refused.add(key)
      log.warning(message)
    }
    return new RefusedCacheValue(message, { cause, token })
  }

  /** Time to live in milliseconds: undefined for no expiry, 0 or less for immediate expiry. */
  #ttl(timeout: Timeout): number | undefined {
    const seconds = timeout === undefined ? this.#timeout : timeout
    if (seconds === null) return undefined
    if (typeof seconds === 'number' && !Number.isNaN(seconds)) {
      return seconds > MAX_SECONDS ? undefined : seconds * 1000
    }
    throw new TypeError(`A timeout is a number of seconds, or null for ever; found ${formatValue(seconds)}.`)
  }

  /**
   * The value, or `defaultValue` if the key does not exist. A stored null is a value.
   * @throws InvalidCacheValue if the stored value cannot be read; RefusedCacheValue if it is a pickle of more than plain data
   */
  async get(key: string, defaultValue?: unknown, version?: number): Promise<unknown> {
    const stored = await this.#store.get(this.#fullKey(key, version))
    return stored === undefined ? defaultValue : this.#decode(stored, key)
  }

  /** @throws NotJson for a value that the cache cannot represent */
  async set(key: string, value: unknown, timeout?: Timeout, version?: number): Promise<void> {
    const stored = this.#encode(value, key)
    const fullKey = this.#fullKey(key, version)
    const ttl = this.#ttl(timeout)
    if (ttl !== undefined && ttl <= 0) await this.#store.delete(fullKey)
    else await this.#store.set(fullKey, stored, ttl)
  }

  /** Sets the value only if the key does not exist. @returns whether it was set */
  async add(key: string, value: unknown, timeout?: Timeout, version?: number): Promise<boolean> {
    const stored = this.#encode(value, key)
    const ttl = this.#ttl(timeout)
    const fullKey = this.#fullKey(key, version)
    if (ttl !== undefined && ttl <= 0) return !(await this.#store.has(fullKey))
    return this.#store.add(fullKey, stored, ttl)
  }

  /**
   * The value. If the key does not exist, `value` is added and returned; a function is called for it.
   *
   *     await cache.getOrSet('headlines', () => fetchHeadlines(), 300)
   */
  async getOrSet(key: string, value: unknown, timeout?: Timeout, version?: number): Promise<unknown> {
    const missing = Symbol('missing')
    const found = await this.get(key, missing, version)
    if (found !== missing) return found
    const made: unknown = typeof value === 'function' ? await (value as () => unknown)() : value
    await this.add(key, made, timeout, version)
    // Another process may have added a value in the meantime. All callers get the stored one.
    return this.get(key, made, version)
  }

  /** Sets a new timeout for the value. @returns whether the key exists */
  async touch(key: string, timeout?: Timeout, version?: number): Promise<boolean> {
    const ttl = this.#ttl(timeout)
    const fullKey = this.#fullKey(key, version)
    return ttl !== undefined && ttl <= 0 ? this.#store.delete(fullKey) : this.#store.touch(fullKey, ttl)
  }

  /** @returns whether the key existed */
  async delete(key: string, version?: number): Promise<boolean> {
    return this.#store.delete(this.#fullKey(key, version))
  }

  async hasKey(key: string, version?: number): Promise<boolean> {
    return this.#store.has(this.#fullKey(key, version))
  }

  /** The values of the keys that exist, by key. */
  async getMany(keys: readonly string[], version?: number): Promise<Record<string, unknown>> {
    const values: Record<string, unknown> = {}
    if (keys.length === 0) return values
    const found = await this.#store.getMany(keys.map((key) => this.#fullKey(key, version)))
    for (const [i, key] of keys.entries()) {
      const stored = found[i]
      if (stored !== undefined) setOwn(values, key, this.#decode(stored, key))
    }
    return values
  }

  /** @returns the keys that could not be set, as in Django: always none, because the call rejects if the backend fails */
  async setMany(values: Readonly<Record<string, unknown>>, timeout?: Timeout, version?: number): Promise<string[]> {
    const ttl = this.#ttl(timeout)
    const entries = Object.entries(values).map(([key, value]) => ({
      key: this.#fullKey(key, version),
      value: this.#encode(value, key),
      ...(ttl !== undefined && { ttl }),
    }))
    if (entries.length === 0) return []
    if (ttl !== undefined && ttl <= 0) await this.#store.deleteMany(entries.map(({ key }) => key))
    else await this.#store.setMany(entries)
    return []
  }

  async deleteMany(keys: readonly string[], version?: number): Promise<void> {
    if (keys.length > 0) await this.#store.deleteMany(keys.map((key) => this.#fullKey(key, version)))
  }

  /** Deletes all keys of the cache, including those with other prefixes and versions. */
  async clear(): Promise<void> {
    await this.#store.clear()
  }

  /**
   * Adds to a whole number and returns the sum. The timeout does not change.
   * @throws CacheKeyNotFound if the key does not exist
   * @throws InvalidCacheValue if the value is not a whole number, or if the sum is beyond ±(2^53 - 1); on memcached, also
   *   if the value is below 0
   */
  async incr(key: string, delta = 1, version?: number): Promise<number> {
    const value = await this.#store.increment(this.#fullKey(key, version), checkedDelta(delta))
    if (value === undefined) throw new CacheKeyNotFound(key)
    return value
  }

  /** Subtracts, as `incr` adds. Memcached stops at 0. @throws CacheKeyNotFound */
  async decr(key: string, delta = 1, version?: number): Promise<number> {
    return this.incr(key, -checkedDelta(delta), version)
  }

  /** Moves a value to a later version of its key. @returns that version  @throws CacheKeyNotFound */
  async incrVersion(key: string, delta = 1, version = this.#version): Promise<number> {
    const later = version + checkedDelta(delta)
    const missing = Symbol('missing')
    const value = await this.get(key, missing, version)
    if (value === missing) throw new CacheKeyNotFound(key)
    await this.set(key, value, undefined, later)
    await this.delete(key, version)
    return later
  }

  async decrVersion(key: string, delta = 1, version?: number): Promise<number> {
    return this.incrVersion(key, -checkedDelta(delta), version)
  }

  /**
   * The value with a token for `cas`, as memcached's gets. Undefined if the key does not exist.
   * @throws InvalidCacheValue as `get`, with the token
   */
  async gets(key: string, version?: number): Promise<TokenedValue | undefined> {
    return this.#tokened(await this.#store.getWithToken(this.#fullKey(key, version)), key)
  }

  #tokened(found: StoredValue | undefined, key: string): TokenedValue | undefined {
    if (found === undefined) return undefined
    return { value: this.#decode(found.stored, key, found.token), token: found.token }
  }

  /**
   * Sets the value only if it has not changed since `gets` returned the token, as memcached's cas. With a timeout of 0 or
   * less, deletes it under the same condition.
   */
  async cas(key: string, value: unknown, token: string, timeout?: Timeout, version?: number): Promise<CasResult> {
    if (typeof token !== 'string') throw new TypeError(`A token is a string from gets(), found ${formatValue(token)}.`)
    const stored = this.#encode(value, key)
    const ttl = this.#ttl(timeout)
    const fullKey = this.#fullKey(key, version)
    if (ttl !== undefined && ttl <= 0) return await this.#store.compareAndDelete(fullKey, token)
    return await this.#store.compareAndSet(fullKey, stored, token, ttl)
  }

  /** Closes connections. The next operation opens new ones. */
  async close(): Promise<void> {
    await this.#store.disconnect()
  }
}

altersData(Cache.prototype, [
  'set',
  'add',
  'getOrSet',
  'touch',
  'delete',
  'setMany',
  'deleteMany',
  'clear',
  'incr',
  'decr',
  'incrVersion',
  'decrVersion',
  'cas',
  'close',
])
