/** The contract of a cache backend: a Keyv storage adapter for strings, with the atomic operations that Keyv lacks. */
import type { KeyvStoreAdapter } from 'keyv'
import { inexactSum, notAnInteger } from './errors.ts'
import { hashedKey, isWellFormed, KeyWarner, looksHashed } from './keys.ts'
import { type CacheSerializer, JSONSerializer } from './serializers.ts'

/** A table and the alias of its database. */
export interface CacheTableName {
  readonly table: string
  readonly database: string
}

/** The result of a compare-and-set: `changed` if the token is not the current one, `missing` if there is no value. */
export type CasResult = 'stored' | 'changed' | 'missing'

/** A stored string, and a token of its current state for a compare-and-set. */
export interface StoredValue {
  readonly stored: string
  readonly token: string
}

/** A stored string with itself as the token: equal strings are equal states. */
export const ownToken = (stored: string | undefined): StoredValue | undefined =>
  stored === undefined ? undefined : { stored, token: stored }

/** A key and the string to store under it. `ttl` is in milliseconds. */
export interface Entry {
  readonly key: string
  readonly value: string
  readonly ttl?: number | undefined
}

/**
 * Keys are complete, with prefix and version. Values are the byte strings that `encode` returns: each character is one
 * byte. A `ttl` is in milliseconds and more than 0; undefined means no expiry. An operation that the server could not
 * perform rejects: a miss always means that the key does not exist.
 */
export abstract class CacheStore implements KeyvStoreAdapter {
  /** Keyv requires `opts` and `on`; nothing here uses them. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the type is Keyv's
  readonly opts: any = {}
  on(): this {
    return this
  }

  /** Database tables that the backend needs. `createcachetable` creates them. */
  readonly tables: readonly CacheTableName[] = []
  readonly #warner = new KeyWarner()
  readonly #serializer: CacheSerializer

  /** @param byDefault the serializer if OPTIONS names none */
  constructor(
    { serializer }: Pick<BackendOptions, 'serializer'> = {},
    byDefault: CacheSerializer = new JSONSerializer(),
  ) {
    this.#serializer = serializer ?? byDefault
  }

  /**
   * Serializes a value.
   * @param name how error messages name the value
   * @throws NotJson for a value that the serializer does not support
   */
  encode(value: unknown, name?: string): string {
    return this.#serializer.dumps(value, name)
  }

  /** Deserializes a stored string. @throws BrokenPickle, RefusedPickle, SyntaxError or another error of the serializer */
  decode(stored: string): unknown {
    return this.#serializer.loads(stored)
  }

  /** Adds to a stored whole number. @throws InvalidCacheValue if it is not a whole number, or if the sum is not exact */
  protected added(stored: string, delta: number, key: string): { sum: number; stored: string } {
    let value: unknown
    try {
      value = this.decode(stored)
    } catch (cause) {
      throw Object.assign(notAnInteger(key), { cause })
    }
    if (typeof value !== 'bigint' && !Number.isInteger(value)) throw notAnInteger(key)
    const sum = Number(BigInt(value as number | bigint) + BigInt(delta))
    if (!Number.isSafeInteger(sum)) throw inexactSum(key)
    return { sum, stored: this.encode(sum) }
  }

  /** Called with each complete key before it is used. By default, logs a warning about a key that memcached rejects. */
  validateKey(key: string): void {
    this.#warner.check(key)
  }

  /** Whether the backend can use a complete key as it is, and keep it apart from all other keys. */
  protected canHold(key: string): boolean {
    return isWellFormed(key)
  }

  /**
   * The key in the store for a complete key: the key itself, or its hash if the backend cannot use the key, so that a key
   * chosen by a client never fails. A key in the form of a hash is hashed, too, so that two keys are never the same.
   */
  storedKey(key: string): string {
    this.validateKey(key)
    return this.canHold(key) && !looksHashed(key) ? key : hashedKey(key)
  }

  abstract get<Value = string>(key: string): Promise<Value | undefined>
  abstract set(key: string, stored: string, ttl?: number): Promise<boolean>
  /** @returns whether the key existed */
  abstract delete(key: string): Promise<boolean>
  abstract has(key: string): Promise<boolean>
  /** Deletes all keys of the store, including those of other programs. */
  abstract clear(): Promise<void>

  // A backend on a server overrides these three with one round trip each.

  /** @returns the stored strings in the order of the keys */
  async getMany<Value = string>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    return Promise.all(keys.map((key) => this.get<Value>(key)))
  }

  async setMany(entries: readonly Entry[]): Promise<void> {
    await Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)))
  }

  /** @returns whether any of the keys existed */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    const deleted = await Promise.all(keys.map((key) => this.delete(key)))
    return deleted.includes(true)
  }

  /** Stores the string only if the key does not exist. @returns whether it was stored */
  abstract add(key: string, stored: string, ttl?: number): Promise<boolean>
  /** Sets the time to live of a key. @returns whether the key exists */
  abstract touch(key: string, ttl?: number): Promise<boolean>
  /**
   * Adds to a whole number and keeps its time to live.
   * @returns the sum; undefined if the key does not exist
   * @throws InvalidCacheValue if the stored value is not a whole number, or if the sum is not a safe integer; the value is
   *   then unchanged
   */
  abstract increment(key: string, delta: number): Promise<number | undefined>
  abstract getWithToken(key: string): Promise<StoredValue | undefined>
  /** The synchronous version, if the backend has one. */
  readonly getWithTokenSync?: (key: string) => StoredValue | undefined
  /** Stores the string only if the token is still the current one. */
  abstract compareAndSet(key: string, stored: string, token: string, ttl?: number): Promise<CasResult>
  /** Deletes the key only if the token is still the current one. The result is `stored` if it was deleted. */
  abstract compareAndDelete(key: string, token: string): Promise<CasResult>

  /** The result of a compare-and-set with a token that the store cannot have issued. */
  protected async mismatch(key: string): Promise<CasResult> {
    return (await this.has(key)) ? 'changed' : 'missing'
  }

  /** Closes connections. The next operation opens new ones. */
  async disconnect(): Promise<void> {}
}

/** The part of a CACHES entry that a backend gets. */
export interface BackendOptions {
  /** The alias of the entry, for messages. */
  readonly alias?: string
  readonly location: string | readonly string[]
  /** A copy of the entry's OPTIONS. */
  readonly options: Readonly<Record<string, unknown>>
  /** The serializer that OPTIONS names. */
  readonly serializer?: CacheSerializer | undefined
}

/** A backend class, as BACKEND names it. */
export type CacheStoreClass = new (options: BackendOptions) => CacheStore
