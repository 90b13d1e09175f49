/** What a cache backend is: a Keyv storage adapter for texts, with the atomic operations that Keyv has no names for. */
import type { KeyvStoreAdapter } from 'keyv'
import { notWhole } from './errors.ts'
import { hashedKey, isWellFormed, KeyWarner, looksHashed } from './keys.ts'
import { type CacheSerializer, JSONSerializer } from './serializers.ts'

/** A table, and the alias of its database. */
export interface CacheTableName {
  readonly table: string
  readonly database: string
}

/** How a compare-and-set ended. */
export type CasResult = 'stored' | 'changed' | 'missing'

/** What is stored, and the token that stands for its present state. */
export interface TokenedText {
  readonly text: string
  readonly token: string
}

/** The text as its own token: equal text is an equal state. */
export const ownToken = (text: string | undefined): TokenedText | undefined =>
  text === undefined ? undefined : { text, token: text }

/** What is to be stored, as Keyv hands it over. */
export interface Entry {
  readonly key: string
  readonly value: string
  readonly ttl?: number | undefined
}

/**
 * Keys arrive complete (prefix, version and all) and values as `encode` made them: as byte strings, in which each
 * character stands for one byte. A `ttl` is in milliseconds; undefined keeps the
 * value for ever. Values that are already over never arrive here. An operation that a server could not carry out
 * rejects: a miss is only ever a key that is not there.
 */
export abstract class CacheStore implements KeyvStoreAdapter {
  /** Keyv asks for both of these; nothing here uses them. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the type is Keyv's
  readonly opts: any = {}
  on(): this {
    return this
  }

  /** Tables of a database that must be there; `createcachetable` makes them. */
  readonly tables: readonly CacheTableName[] = []
  readonly #warner = new KeyWarner()
  readonly #serializer: CacheSerializer

  /** @param usual what a cache of this kind keeps values by, where OPTIONS name no other serializer */
  constructor({ serializer }: Pick<BackendOptions, 'serializer'> = {}, usual: CacheSerializer = new JSONSerializer()) {
    this.#serializer = serializer ?? usual
  }

  /**
   * A value as it is stored.
   * @param name what the value is called in the message of an error
   * @throws NotJson for a value that the serializer cannot hold
   */
  encode(value: unknown, name?: string): string {
    return this.#serializer.dumps(value, name)
  }

  /** The value of what is stored. @throws BrokenPickle, RefusedPickle, SyntaxError or another error of the serializer */
  decode(stored: string): unknown {
    return this.#serializer.loads(stored)
  }

  /** A stored whole number with something added to it. @throws InvalidCacheValue when it is none */
  protected added(stored: string, delta: number, key: string): { sum: number; stored: string } {
    let value: unknown
    try {
      value = this.decode(stored)
    } catch (cause) {
      throw Object.assign(notWhole(key), { cause })
    }
    const sum = typeof value === 'number' ? value + delta : Number.NaN
    if (!Number.isSafeInteger(sum)) throw notWhole(key)
    return { sum, stored: this.encode(sum) }
  }

  /** Called with each complete key before it is used: by default only warns of what another backend could not take. */
  validateKey(key: string): void {
    this.#warner.look(key)
  }

  /** Whether the backend can hold a value under a complete key, apart from all other keys. */
  protected canHold(key: string): boolean {
    return isWellFormed(key)
  }

  /**
   * The key in the store for a complete key: the same, or its hash where the backend cannot hold the key. So a key that
   * a client chose never fails. A key that has the form of a hash is hashed, too, so that two keys never become the same.
   */
  storedKey(key: string): string {
    this.validateKey(key)
    return this.canHold(key) && !looksHashed(key) ? key : hashedKey(key)
  }

  abstract get<Value = string>(key: string): Promise<Value | undefined>
  abstract set(key: string, text: string, ttl?: number): Promise<boolean>
  /** Whether it was there. */
  abstract delete(key: string): Promise<boolean>
  abstract has(key: string): Promise<boolean>
  /** Empties the whole store, whoever's keys are in it. */
  abstract clear(): Promise<void>

  // A backend on a server does each of these in one round trip.

  /** The texts in the order of the keys. */
  async getMany<Value = string>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    return Promise.all(keys.map((key) => this.get<Value>(key)))
  }

  async setMany(entries: readonly Entry[]): Promise<void> {
    await Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)))
  }

  /** Whether any of them was there. */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    const deleted = await Promise.all(keys.map((key) => this.delete(key)))
    return deleted.includes(true)
  }

  /** Stores only where nothing is: false if something was. */
  abstract add(key: string, text: string, ttl?: number): Promise<boolean>
  /** Gives a value another time to live: false if it was not there. */
  abstract touch(key: string, ttl?: number): Promise<boolean>
  /**
   * Adds to a whole number and keeps its time to live: undefined if it was not there.
   * @throws InvalidCacheValue when the text is not a whole number
   */
  abstract increment(key: string, delta: number): Promise<number | undefined>
  abstract getWithToken(key: string): Promise<TokenedText | undefined>
  /** The same without waiting, there where the store can. */
  readonly getWithTokenSync?: (key: string) => TokenedText | undefined
  /** Stores only where the state is still the one of the token. */
  abstract compareAndSet(key: string, text: string, token: string, ttl?: number): Promise<CasResult>
  /** Deletes only where the state is still the one of the token; `stored` says that it did. */
  abstract compareAndDelete(key: string, token: string): Promise<CasResult>

  /** The result of a compare-and-set with a token that the store cannot have issued. */
  protected async mismatch(key: string): Promise<CasResult> {
    return (await this.has(key)) ? 'changed' : 'missing'
  }

  /** Lets go of connections; a later use opens others. */
  async disconnect(): Promise<void> {}
}

/** The part of a CACHES entry that a backend sees. */
export interface BackendOptions {
  /** The name of the entry, for messages. */
  readonly alias?: string
  readonly location: string | readonly string[]
  /** OPTIONS of the entry, as given. */
  readonly options: Readonly<Record<string, unknown>>
  /** What OPTIONS.serializer names. */
  readonly serializer?: CacheSerializer | undefined
}

/** A backend as a dotted name names it. */
export type CacheStoreClass = new (options: BackendOptions) => CacheStore
