/** A cache as views see it: Django's methods, keys and timeouts over one store. */
import { altersData, formatValue, getLogger } from '#core/utils'
import { setOwn } from '#core/serialization'
import { RefusedPickle } from '#core/serialization/pickle'
import { CacheKeyNotFound, InvalidCacheKey, InvalidCacheValue, RefusedCacheValue, shownKey } from './errors.ts'
import { defaultKeyFunction, type KeyFunction } from './keys.ts'
import type { CacheStore, CacheTableName, CasResult, TokenedText } from './store.ts'

export interface CacheParameters {
  /** Seconds that a value is kept when a call names no time; null for ever. */
  readonly timeout?: number | null
  readonly keyPrefix?: string
  readonly version?: number
  readonly keyFunction?: KeyFunction
}

/** Seconds, null for ever; zero and less is over at once. Undefined stands for the cache's own timeout. */
export type Timeout = number | null | undefined

/** A value and the token by which `cas` knows whether it is still the same. */
export interface TokenedValue {
  readonly value: unknown
  readonly token: string
}

/** A longer time means no expiry: servers cannot count its milliseconds. */
const MAX_SECONDS = Number.MAX_SAFE_INTEGER / 1000

function checkedDelta(delta: number): number {
  if (Number.isSafeInteger(delta)) return delta
  throw new TypeError(`Only a whole number can be added, found ${formatValue(delta)}.`)
}

const log = getLogger('django.security.SuspiciousCache')

/** How many keys are remembered to have been logged: a forgotten one is logged again. */
const MOST_LOGGED = 1000

/**
 * Values are what JSON can hold, and where they are pickled bytes and sets, too. An error of the backend is an error of the call, never a silent miss.
 * Every method takes the version of the key last, as in Django.
 */
export class Cache {
  readonly #store: CacheStore
  readonly #timeout: number | null
  readonly #keyPrefix: string
  readonly #version: number
  readonly #keyFunction: KeyFunction
  /** Keys whose values were refused, and logged. */
  readonly #refused = new Set<string>()

  /** As `gets`, without waiting; there where the cache is in this process. */
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

  /** Tables of a database that must be there for this cache. */
  get tables(): readonly CacheTableName[] {
    return this.#store.tables
  }

  /**
   * The complete key. The backend replaces one that it cannot hold by its hash.
   * @throws TypeError for a version that is no whole number
   */
  makeKey(key: string, version = this.#version): string {
    if (!Number.isSafeInteger(version))
      throw new TypeError(`A version is a whole number, found ${formatValue(version)}.`)
    return this.#keyFunction(key, this.#keyPrefix, version)
  }

  /** The key as the backend sees it. @throws InvalidCacheKey for what KEY_FUNCTION returned in place of a string */
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
      if (this.#refused.size >= MOST_LOGGED) this.#refused.clear()
      this.#refused.add(key)
      log.warning(message)
    }
    return new RefusedCacheValue(message, { cause, token })
  }

  /** Milliseconds to live: undefined for ever, zero or less for over at once. */
  #ttl(timeout: Timeout): number | undefined {
    const seconds = timeout === undefined ? this.#timeout : timeout
    if (seconds === null) return undefined
    if (typeof seconds === 'number' && !Number.isNaN(seconds)) {
      return seconds > MAX_SECONDS ? undefined : seconds * 1000
    }
    throw new TypeError(`A timeout is a number of seconds, or null for ever; found ${formatValue(seconds)}.`)
  }

  /**
   * The value, or `defaultValue` when the key is not there. A stored null is a value.
   * @throws InvalidCacheValue for what cannot be read; RefusedCacheValue for a pickle of more than plain data
   */
  async get(key: string, defaultValue?: unknown, version?: number): Promise<unknown> {
    const text = await this.#store.get(this.#fullKey(key, version))
    return text === undefined ? defaultValue : this.#decode(text, key)
  }

  async set(key: string, value: unknown, timeout?: Timeout, version?: number): Promise<void> {
    const text = this.#encode(value, key)
    const fullKey = this.#fullKey(key, version)
    const ttl = this.#ttl(timeout)
    if (ttl !== undefined && ttl <= 0) await this.#store.delete(fullKey)
    else await this.#store.set(fullKey, text, ttl)
  }

  /** Sets the value only if the key is not there; says whether it did. */
  async add(key: string, value: unknown, timeout?: Timeout, version?: number): Promise<boolean> {
    const text = this.#encode(value, key)
    const ttl = this.#ttl(timeout)
    const fullKey = this.#fullKey(key, version)
    if (ttl !== undefined && ttl <= 0) return !(await this.#store.has(fullKey))
    return this.#store.add(fullKey, text, ttl)
  }

  /** The value; where there is none, `value` (or what the function gives) is added and returned. */
  async getOrSet(key: string, value: unknown, timeout?: Timeout, version?: number): Promise<unknown> {
    const missing = Symbol('missing')
    const found = await this.get(key, missing, version)
    if (found !== missing) return found
    const made: unknown = typeof value === 'function' ? await (value as () => unknown)() : value
    await this.add(key, made, timeout, version)
    // Another process may have added its own in the meantime: all callers get the one that stayed.
    return this.get(key, made, version)
  }

  /** Gives the value another time to live; false if the key is not there. */
  async touch(key: string, timeout?: Timeout, version?: number): Promise<boolean> {
    const ttl = this.#ttl(timeout)
    const fullKey = this.#fullKey(key, version)
    return ttl !== undefined && ttl <= 0 ? this.#store.delete(fullKey) : this.#store.touch(fullKey, ttl)
  }

  /** Whether the key was there. */
  async delete(key: string, version?: number): Promise<boolean> {
    return this.#store.delete(this.#fullKey(key, version))
  }

  async hasKey(key: string, version?: number): Promise<boolean> {
    return this.#store.has(this.#fullKey(key, version))
  }

  /** The values of those keys that are there, by key. */
  async getMany(keys: readonly string[], version?: number): Promise<Record<string, unknown>> {
    const found: Record<string, unknown> = {}
    if (keys.length === 0) return found
    const texts = await this.#store.getMany(keys.map((key) => this.#fullKey(key, version)))
    for (const [i, key] of keys.entries()) {
      const text = texts[i]
      if (text !== undefined) setOwn(found, key, this.#decode(text, key))
    }
    return found
  }

  /** The keys that could not be set: none, because a backend that fails rejects. */
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

  /** Empties the whole cache, other prefixes and versions included. */
  async clear(): Promise<void> {
    await this.#store.clear()
  }

  /**
   * Adds to a whole number and gives the sum. Its time to live stays what it was.
   * @throws CacheKeyNotFound
   * @throws InvalidCacheValue when the value is no whole number; on memcached, when it is below 0
   */
  async incr(key: string, delta = 1, version?: number): Promise<number> {
    const value = await this.#store.increment(this.#fullKey(key, version), checkedDelta(delta))
    if (value === undefined) throw new CacheKeyNotFound(key)
    return value
  }

  /** As incr, downwards. Memcached goes no further down than 0. @throws CacheKeyNotFound */
  async decr(key: string, delta = 1, version?: number): Promise<number> {
    return this.incr(key, -checkedDelta(delta), version)
  }

  /** Moves a value to a later version of its key and gives that version. @throws CacheKeyNotFound */
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
   * The value with a token for `cas`, as memcached's gets; undefined when the key is not there.
   * @throws InvalidCacheValue as `get` does, with the token
   */
  async gets(key: string, version?: number): Promise<TokenedValue | undefined> {
    return this.#tokened(await this.#store.getWithToken(this.#fullKey(key, version)), key)
  }

  #tokened(found: TokenedText | undefined, key: string): TokenedValue | undefined {
    if (found === undefined) return undefined
    return { value: this.#decode(found.text, key, found.token), token: found.token }
  }

  /**
   * Sets the value only if it is still the one the token was given with, as memcached's cas. With a timeout of zero or
   * less, deletes it under the same condition.
   */
  async cas(key: string, value: unknown, token: string, timeout?: Timeout, version?: number): Promise<CasResult> {
    if (typeof token !== 'string') throw new TypeError(`A token is a string from gets(), found ${formatValue(token)}.`)
    const text = this.#encode(value, key)
    const ttl = this.#ttl(timeout)
    const fullKey = this.#fullKey(key, version)
    if (ttl !== undefined && ttl <= 0) return await this.#store.compareAndDelete(fullKey, token)
    return await this.#store.compareAndSet(fullKey, text, token, ttl)
  }

  /** Closes connections. The next use opens them again. */
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
