/** A cache in the memory of this process: bounded, not shared with other processes, and lost when the process ends. */
import { clock, fastPaths } from '#core/utils'
import { LinkedList, ListNode } from '#core/concurrency'
import { cullNumbers } from '../parameters.ts'
import { JSONSerializer } from '../serializers.ts'
import { type BackendOptions, CacheStore, type CasResult, ownToken, type StoredValue } from '../store.ts'

class Entry extends ListNode {
  readonly key: string
  stored = ''
  /** Milliseconds since the epoch; infinite for no expiry. */
  expiresAt = 0

  constructor(key: string) {
    super()
    this.key = key
  }
}

class Entries {
  readonly #byKey = new Map<string, Entry>()
  /** The least recently used entry first. */
  readonly #order = new LinkedList<Entry>()

  get size(): number {
    return this.#byKey.size
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** The entry of a key, unless it has expired. It becomes the most recently used one. */
  find(key: string): Entry | undefined {
    const entry = this.#byKey.get(key)
    if (entry === undefined) return undefined
    if (entry.expiresAt <= clock.now()) {
      this.delete(entry)
      return undefined
    }
    this.#order.add(entry)
    return entry
  }

  put(key: string, stored: string, expiresAt: number): void {
    let entry = this.#byKey.get(key)
    if (entry === undefined) this.#byKey.set(key, (entry = new Entry(key)))
    entry.stored = stored
    entry.expiresAt = expiresAt
    this.#order.add(entry)
  }

  delete(entry: Entry): void {
    this.#byKey.delete(entry.key)
    entry.leave()
  }

  /** Drops the least recently used entries. */
  drop(count: number): void {
    for (let { first } = this.#order; first !== undefined && count-- > 0; first = this.#order.first) this.delete(first)
  }
}

/** As in Django, caches with the same LOCATION share their entries. */
const byLocation = new Map<string, Entries>()

export class LocMemCache extends CacheStore {
  readonly #entries: Entries
  readonly #maxEntries: number
  readonly #cullFrequency: number

  declare readonly getWithTokenSync?: (key: string) => StoredValue | undefined

  constructor({ location, options, serializer }: BackendOptions) {
    // No other program reads these values, and JSON is cheaper than pickle.
    super({ serializer }, new JSONSerializer())
    const name = String(location)
    let entries = byLocation.get(name)
    if (entries === undefined) byLocation.set(name, (entries = new Entries()))
    this.#entries = entries
    const { maxEntries, cullFrequency } = cullNumbers(options)
    this.#maxEntries = maxEntries
    this.#cullFrequency = cullFrequency
    // The synchronous version must not bypass a subclass that overrides `getWithToken`.
    if (!fastPaths || this.getWithToken !== LocMemCache.prototype.getWithToken) return
    this.getWithTokenSync = (key) => ownToken(this.#entries.find(key)?.stored)
  }

  protected override canHold(): boolean {
    return true
  }

  #put(key: string, stored: string, ttl: number | undefined): void {
    if (this.#entries.size >= this.#maxEntries && !this.#entries.has(key)) this.#cull()
    this.#entries.put(key, stored, expiry(ttl))
  }

  /** Drops one entry in CULL_FREQUENCY, the least recently used ones; all entries if it is 0. */
  #cull(): void {
    const { size } = this.#entries
    this.#entries.drop(this.#cullFrequency === 0 ? size : Math.max(1, Math.floor(size / this.#cullFrequency)))
  }

  // Every operation is synchronous, and therefore atomic.

  async get<Value = string>(key: string): Promise<Value | undefined> {
    return this.#entries.find(key)?.stored as Value | undefined
  }

  async set(key: string, stored: string, ttl?: number): Promise<boolean> {
    this.#put(key, stored, ttl)
    return true
  }

  async delete(key: string): Promise<boolean> {
    const entry = this.#entries.find(key)
    if (entry !== undefined) this.#entries.delete(entry)
    return entry !== undefined
  }

  async has(key: string): Promise<boolean> {
    return this.#entries.find(key) !== undefined
  }

  async clear(): Promise<void> {
    this.#entries.drop(this.#entries.size)
  }

  async add(key: string, stored: string, ttl?: number): Promise<boolean> {
    if (this.#entries.find(key) !== undefined) return false
    this.#put(key, stored, ttl)
    return true
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    const entry = this.#entries.find(key)
    if (entry === undefined) return false
    entry.expiresAt = expiry(ttl)
    return true
  }

  async increment(key: string, delta: number): Promise<number | undefined> {
    const entry = this.#entries.find(key)
    if (entry === undefined) return undefined
    const { sum, stored } = this.added(entry.stored, delta, key)
    entry.stored = stored
    return sum
  }

  async getWithToken(key: string): Promise<StoredValue | undefined> {
    return ownToken(this.#entries.find(key)?.stored)
  }

  async compareAndSet(key: string, stored: string, token: string, ttl?: number): Promise<CasResult> {
    const entry = this.#entries.find(key)
    if (entry === undefined) return 'missing'
    if (entry.stored !== token) return 'changed'
    entry.stored = stored
    entry.expiresAt = expiry(ttl)
    return 'stored'
  }

  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    const entry = this.#entries.find(key)
    if (entry === undefined) return 'missing'
    if (entry.stored !== token) return 'changed'
    this.#entries.delete(entry)
    return 'stored'
  }
}

const expiry = (ttl: number | undefined): number => (ttl === undefined ? Number.POSITIVE_INFINITY : clock.now() + ttl)
