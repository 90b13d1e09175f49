/** The in-process cache: fast, bounded, gone with the process, and every process has its own. */
import { clock } from '#core/utils'
import { cullNumbers } from '../parameters.ts'
import { JSONSerializer } from '../serializers.ts'
import { type BackendOptions, CacheStore, type CasResult, ownToken, type TokenedText } from '../store.ts'

interface Entry {
  text: string
  /** Milliseconds since the epoch; infinite for a value that is kept for ever. */
  expiresAt: number
}

/** Entries from the least recently used to the most recently used one. */
type Entries = Map<string, Entry>

/** As in Django, caches of the same LOCATION share what they hold. */
const byLocation = new Map<string, Entries>()

export class LocMemCache extends CacheStore {
  readonly #entries: Entries
  readonly #maxEntries: number
  readonly #cullFrequency: number

  declare readonly getWithTokenSync?: (key: string) => TokenedText | undefined

  constructor({ location, options, serializer }: BackendOptions) {
    // No other program can see it: JSON costs less.
    super({ serializer }, new JSONSerializer())
    const name = String(location)
    let entries = byLocation.get(name)
    if (entries === undefined) byLocation.set(name, (entries = new Map()))
    this.#entries = entries
    const { maxEntries, cullFrequency } = cullNumbers(options)
    this.#maxEntries = maxEntries
    this.#cullFrequency = cullFrequency
    // A backend that has its own way to read must not be passed by.
    if (this.getWithToken !== LocMemCache.prototype.getWithToken) return
    this.getWithTokenSync = (key) => ownToken(this.#find(key)?.text)
  }

  /** The entry of a key that is not over, moved to the recently used end. */
  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.expiresAt <= clock.now()) return undefined
    this.#entries.set(key, entry)
    return entry
  }

  #put(key: string, text: string, ttl: number | undefined): void {
    if (!this.#entries.delete(key) && this.#entries.size >= this.#maxEntries) this.#cull()
    this.#entries.set(key, { text, expiresAt: expiry(ttl) })
  }

  /** Drops one entry in CULL_FREQUENCY, those that were not used for longest; all of them when it is 0. */
  #cull(): void {
    if (this.#cullFrequency === 0) return this.#entries.clear()
    let surplus = Math.max(1, Math.floor(this.#entries.size / this.#cullFrequency))
    for (const key of this.#entries.keys()) {
      if (surplus-- === 0) return
      this.#entries.delete(key)
    }
  }

  // Nothing here waits, so every operation is atomic by itself.

  async get<Value = string>(key: string): Promise<Value | undefined> {
    return this.#find(key)?.text as Value | undefined
  }

  async set(key: string, text: string, ttl?: number): Promise<boolean> {
    this.#put(key, text, ttl)
    return true
  }

  async delete(key: string): Promise<boolean> {
    const found = this.#find(key) !== undefined
    this.#entries.delete(key)
    return found
  }

  async has(key: string): Promise<boolean> {
    return this.#find(key) !== undefined
  }

  async clear(): Promise<void> {
    this.#entries.clear()
  }

  async add(key: string, text: string, ttl?: number): Promise<boolean> {
    if (this.#find(key) !== undefined) return false
    this.#put(key, text, ttl)
    return true
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    const entry = this.#find(key)
    if (entry === undefined) return false
    entry.expiresAt = expiry(ttl)
    return true
  }

  async increment(key: string, delta: number): Promise<number | undefined> {
    const entry = this.#find(key)
    if (entry === undefined) return undefined
    const { sum, stored } = this.added(entry.text, delta, key)
    entry.text = stored
    return sum
  }

  async getWithToken(key: string): Promise<TokenedText | undefined> {
    return ownToken(this.#find(key)?.text)
  }

  async compareAndSet(key: string, text: string, token: string, ttl?: number): Promise<CasResult> {
    const entry = this.#find(key)
    if (entry === undefined) return 'missing'
    if (entry.text !== token) return 'changed'
    this.#put(key, text, ttl)
    return 'stored'
  }

  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    const entry = this.#find(key)
    if (entry === undefined) return 'missing'
    if (entry.text !== token) return 'changed'
    this.#entries.delete(key)
    return 'stored'
  }
}

const expiry = (ttl: number | undefined): number => (ttl === undefined ? Number.POSITIVE_INFINITY : clock.now() + ttl)
