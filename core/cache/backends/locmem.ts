/** The in-process cache: fast, bounded, gone with the process, and every process has its own. */
import { clock, fastPaths } from '#core/utils'
import { LinkedList, ListNode } from '#core/concurrency'
import { cullNumbers } from '../parameters.ts'
import { JSONSerializer } from '../serializers.ts'
import { type BackendOptions, CacheStore, type CasResult, ownToken, type TokenedText } from '../store.ts'

class Entry extends ListNode {
  readonly key: string
  text = ''
  /** Milliseconds since the epoch; infinite for a value that is kept for ever. */
  expiresAt = 0

  constructor(key: string) {
    super()
    this.key = key
  }
}

class Entries {
  readonly #byKey = new Map<string, Entry>()
  /** The least recently used one first. */
  readonly #order = new LinkedList<Entry>()

  get size(): number {
    return this.#byKey.size
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** The entry of a key that is not over, which is the most recently used one now. */
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

  put(key: string, text: string, expiresAt: number): void {
    let entry = this.#byKey.get(key)
    if (entry === undefined) this.#byKey.set(key, (entry = new Entry(key)))
    entry.text = text
    entry.expiresAt = expiresAt
    this.#order.add(entry)
  }

  delete(entry: Entry): void {
    this.#byKey.delete(entry.key)
    entry.leave()
  }

  /** Drops those that were not used for longest. */
  drop(count: number): void {
    for (let { first } = this.#order; first !== undefined && count-- > 0; first = this.#order.first) this.delete(first)
  }
}

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
    if (entries === undefined) byLocation.set(name, (entries = new Entries()))
    this.#entries = entries
    const { maxEntries, cullFrequency } = cullNumbers(options)
    this.#maxEntries = maxEntries
    this.#cullFrequency = cullFrequency
    // A subclass that reads in its own way must not be bypassed.
    if (!fastPaths || this.getWithToken !== LocMemCache.prototype.getWithToken) return
    this.getWithTokenSync = (key) => ownToken(this.#entries.find(key)?.text)
  }

  protected override canHold(): boolean {
    return true
  }

  #put(key: string, text: string, ttl: number | undefined): void {
    if (this.#entries.size >= this.#maxEntries && !this.#entries.has(key)) this.#cull()
    this.#entries.put(key, text, expiry(ttl))
  }

  /** Drops one entry in CULL_FREQUENCY, those that were not used for longest; all of them when it is 0. */
  #cull(): void {
    const { size } = this.#entries
    this.#entries.drop(this.#cullFrequency === 0 ? size : Math.max(1, Math.floor(size / this.#cullFrequency)))
  }

  // Nothing here waits, so every operation is atomic by itself.

  async get<Value = string>(key: string): Promise<Value | undefined> {
    return this.#entries.find(key)?.text as Value | undefined
  }

  async set(key: string, text: string, ttl?: number): Promise<boolean> {
    this.#put(key, text, ttl)
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

  async add(key: string, text: string, ttl?: number): Promise<boolean> {
    if (this.#entries.find(key) !== undefined) return false
    this.#put(key, text, ttl)
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
    const { sum, stored } = this.added(entry.text, delta, key)
    entry.text = stored
    return sum
  }

  async getWithToken(key: string): Promise<TokenedText | undefined> {
    return ownToken(this.#entries.find(key)?.text)
  }

  async compareAndSet(key: string, text: string, token: string, ttl?: number): Promise<CasResult> {
    const entry = this.#entries.find(key)
    if (entry === undefined) return 'missing'
    if (entry.text !== token) return 'changed'
    entry.text = text
    entry.expiresAt = expiry(ttl)
    return 'stored'
  }

  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    const entry = this.#entries.find(key)
    if (entry === undefined) return 'missing'
    if (entry.text !== token) return 'changed'
    this.#entries.delete(entry)
    return 'stored'
  }
}

const expiry = (ttl: number | undefined): number => (ttl === undefined ? Number.POSITIVE_INFINITY : clock.now() + ttl)
