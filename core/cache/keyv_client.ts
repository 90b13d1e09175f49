/** A storage adapter of Keyv, as a cache uses it: entries with their expiry, and every failure as an error. */
import { Keyv, type KeyvStoreAdapter } from 'keyv'
import { asError, clock } from '#core/utils'

/** A longer time to live, in milliseconds, is not passed to the adapter: some compute dates or timers from it. */
const MAX_ADAPTER_TTL = 2 ** 40

/** The same for memcached, 30 days: it takes more seconds for a date, and its adapter does not convert them. */
const MAX_MEMCACHED_TTL = 30 * 24 * 60 * 60 * 1000

/**
 * The time to live for an adapter, in milliseconds; undefined for none. An entry also contains its expiry, so that it
 * may be stored for longer, and must not be stored for less.
 */
function adapterTtl(store: KeyvStore, ttl: number): number | undefined {
  if (!/memcache/i.test((store as Partial<KeyvStore>).constructor?.name ?? '')) {
    return ttl < MAX_ADAPTER_TTL ? Math.max(1, Math.ceil(ttl)) : undefined
  }
  // In whole seconds, because the adapter rounds them down.
  return ttl <= MAX_MEMCACHED_TTL ? Math.max(1, Math.ceil(ttl / 1000)) * 1000 : undefined
}

/** A Map, or an object with the methods of a storage adapter. */
export type KeyvStore = KeyvStoreAdapter | Map<string, unknown>

export const isKeyvStore = (value: unknown): value is KeyvStore =>
  typeof value === 'object' &&
  value !== null &&
  ['get', 'set', 'delete', 'clear'].every((name) => typeof (value as Record<string, unknown>)[name] === 'function')

/** What is stored under a key. */
export class KeyvEntry {
  readonly stored: string
  /** Milliseconds since the epoch; infinite if the entry does not expire. */
  readonly expiresAt: number
  /** The key that the entry was written under; undefined if another program wrote it. */
  readonly key: string | undefined

  constructor(stored: string, expiresAt = Number.POSITIVE_INFINITY, key?: string) {
    this.stored = stored
    this.expiresAt = expiresAt
    this.key = key
  }
}

/** Keyv's own form, `{"value":"…","expires":…}`, and the key. */
const serialized = ({ stored, expiresAt, key }: KeyvEntry): string =>
  JSON.stringify({ value: stored, ...(Number.isFinite(expiresAt) && { expires: expiresAt }), key })

/** An entry in Keyv's form. A value that another program has written with Keyv is read as JSON. */
function entryFrom(found: object): KeyvEntry | undefined {
  const { value, expires, key } = found as { value?: unknown; expires?: unknown; key?: unknown }
  if (value === undefined) return undefined
  return new KeyvEntry(
    typeof value === 'string' ? value : JSON.stringify(value),
    typeof expires === 'number' ? expires : undefined,
    typeof key === 'string' ? key : undefined,
  )
}

/** A string in another form is returned as it is: the serializer then reports that it cannot be read. */
function deserialized(stored: string): KeyvEntry {
  try {
    const found: unknown = JSON.parse(stored)
    const entry = typeof found === 'object' && found !== null ? entryFrom(found) : undefined
    if (entry !== undefined) return entry
  } catch {
    // Not JSON.
  }
  return new KeyvEntry(stored)
}

export class KeyvClient {
  readonly #keyv: Keyv<KeyvEntry>
  readonly #store: KeyvStore
  readonly #prefix: string
  readonly #hasGetMany: boolean
  readonly #watching = new Set<(error: Error) => void>()
  /** How many errors the adapter has emitted, and the last one. */
  #errorCount = 0
  #lastError: Error | undefined

  constructor(store: KeyvStore, namespace: string) {
    this.#prefix = `${namespace}:`
    this.#store = store
    this.#hasGetMany = !(store instanceof Map) && store.getMany !== undefined
    this.#keyv = new Keyv<KeyvEntry>({
      store,
      namespace,
      // Keyv does not prefix a key that begins with the namespace, so two keys could become one.
      useKeyPrefix: false,
      throwOnErrors: true,
      emitErrors: false,
      serialize: ({ value }) => serialized(value as KeyvEntry),
      // Without `expires`, since Keyv deletes an expired entry even if another has replaced it in the meantime.
      deserialize: (stored) => ({ value: deserialized(stored) as never, expires: undefined }),
    })
    if (!(store instanceof Map)) store.on?.('error', (error: unknown) => this.#failed(asError(error)))
  }

  #failed(error: Error): void {
    this.#errorCount++
    this.#lastError = error
    for (const reject of this.#watching) reject(error)
  }

  /**
   * Calls `work`, and rejects when the adapter emits an error in the meantime. Some adapters report a lost connection by
   * that event alone, and the operation waits until they are connected again.
   */
  watch<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#watching.add(reject)
      const done = (): void => void this.#watching.delete(reject)
      work().finally(done).then(resolve, reject)
    })
  }

  /** Some adapters emit an error and then return as if nothing was stored. */
  async #step<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#errorCount
    const result = await work()
    if (this.#errorCount > before) throw this.#lastError as Error
    return result
  }

  /** The entry of a key, even if it has expired. In some databases, keys that differ only in case are equal. */
  #entry(found: unknown, key: string): KeyvEntry | undefined {
    if (typeof found !== 'object' || found === null) return undefined
    const { value } = found as { value?: unknown }
    const entry = value instanceof KeyvEntry ? value : entryFrom(found)
    return entry?.key === undefined || entry.key === key ? entry : undefined
  }

  get(key: string): Promise<KeyvEntry | undefined> {
    return this.#step(async () => this.#entry(await this.#keyv.getRaw(this.#prefix + key), key))
  }

  /** The entries in the order of the keys. */
  async getMany(keys: readonly string[]): Promise<(KeyvEntry | undefined)[]> {
    // Here, Keyv itself would treat an error as a missing key.
    if (!this.#hasGetMany) return Promise.all(keys.map((key) => this.get(key)))
    const found = await this.#step(() => this.#keyv.getManyRaw(keys.map((key) => this.#prefix + key)))
    return keys.map((key, i) => this.#entry(found[i], key))
  }

  /** @param expiresAt milliseconds since the epoch; infinite for no expiry */
  async set(key: string, stored: string, expiresAt: number): Promise<void> {
    const life = adapterTtl(this.#store, expiresAt - clock.now())
    const isStored = await this.#step(() =>
      this.#keyv.set(this.#prefix + key, new KeyvEntry(stored, expiresAt, key), life),
    )
    if (!isStored) throw new Error('the adapter did not store the value')
  }

  async delete(key: string): Promise<void> {
    await this.#step(() => this.#keyv.delete(this.#prefix + key))
  }

  async clear(): Promise<void> {
    await this.#step(() => this.#keyv.clear())
  }

  async disconnect(): Promise<void> {
    await this.#keyv.disconnect()
  }
}
