/**
 * A cache over a storage adapter of Keyv (https://keyv.org/docs/storage-adapters/): for a store that no other backend
 * knows. Keyv has no atomic operations, so `add`, `incr`, `touch` and `cas` are exact within one process only.
 */
import { inspect } from 'node:util'
import { Keyv } from 'keyv'
import { Deadline, KeyedMutex } from '#core/concurrency'
import { ImproperlyConfigured } from '#core/exceptions'
import { asError, clock, formatValue } from '#core/utils'
import { InvalidCacheValue, Outage } from '../errors.ts'
import { isKeyvStore, KeyvClient, type KeyvEntry, type KeyvStore } from '../keyv_client.ts'
import { isMemcachedKey } from '../memcached_commands.ts'
import { LazyPackage, mutableCopy } from '#core/conf'
import { ReconnectingClient, timeoutOf } from '../reconnecting_client.ts'
import { type BackendOptions, CacheStore, type CasResult, ownToken, type StoredValue } from '../store.ts'

/** Keyv's own default. */
const DEFAULT_NAMESPACE = 'keyv'

/** How many timeouts a key stays locked by an operation that does not end. */
const LOCKED_TIMEOUTS = 10

type Adapter = new (...parameters: unknown[]) => KeyvStore

/** The adapter that a package exports. Some packages export Keyv, too. */
function adapterOf(module: Readonly<Record<string, unknown>>): Adapter | undefined {
  const { default: main } = module
  const inMain: unknown[] = typeof main === 'object' && main !== null ? Object.values(main) : []
  return [main, ...inMain, ...Object.values(module)].find(
    (each): each is Adapter =>
      typeof each === 'function' && each.name !== 'Keyv' && isKeyvStore((each as { prototype?: unknown }).prototype),
  )
}

/** Where a cache stores its entries. */
interface Source {
  /** For messages. */
  readonly name: string
  /** Loads the package. Undefined if there is nothing to load. */
  load(): Promise<void> | undefined
  open(): KeyvStore
  /** Equal for all sources of the same entries in this process. */
  readonly identity: object | string
}

/** As with LocMemCache, caches of the same LOCATION share a Map. */
const maps = new Map<string, Map<string, unknown>>()

function mapAt(location: string): Map<string, unknown> {
  let map = maps.get(location)
  if (map === undefined) maps.set(location, (map = new Map()))
  return map
}

const fromStore = (store: KeyvStore): Source => ({
  name: (store as Partial<KeyvStore>).constructor?.name ?? 'adapter',
  identity: store,
  load: () => undefined,
  open: () => store,
})

function fromPackage(name: string, alias: string, parameters: readonly unknown[]): Source {
  const adapter = new LazyPackage<Record<string, unknown>>(`CACHES['${alias}']`, name)
  return {
    name,
    identity: inspect([name, ...parameters]),
    load: () => adapter.load(),
    open() {
      const Class = adapterOf(adapter.module)
      if (Class === undefined) {
        throw new ImproperlyConfigured(
          `CACHES['${alias}'].OPTIONS.adapter is '${name}', which exports no storage adapter of Keyv.`,
        )
      }
      try {
        return new Class(...mutableCopy(parameters))
      } catch (error) {
        // The message and the error may have a password in them.
        throw new ImproperlyConfigured(
          `The adapter '${name}' does not take LOCATION and OPTIONS of CACHES['${alias}']: ${(error as Error).name}.`,
        )
      }
    },
  }
}

function sourceOf(alias: string, location: string | readonly string[], options: Record<string, unknown>): Source {
  const { adapter, ...rest } = options
  if (typeof adapter === 'string' && adapter !== '') {
    const hasOptions = Object.keys(rest).length > 0
    return fromPackage(adapter, alias, [...(location === '' ? [] : [location]), ...(hasOptions ? [rest] : [])])
  }
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) {
    throw new ImproperlyConfigured(
      `CACHES['${alias}'].OPTIONS has '${unknown}', which only an adapter that is named by its package can take.`,
    )
  }
  if (adapter === undefined) return fromStore(mapAt(String(location)))
  if (isKeyvStore(adapter) && !(adapter instanceof Keyv)) return fromStore(adapter)
  throw new ImproperlyConfigured(
    `CACHES['${alias}'].OPTIONS.adapter should be the name of an npm package or a storage adapter of Keyv, such as new KeyvRedis(…), found ${formatValue(adapter)}.`,
  )
}

const ofStores = new WeakMap<object, KeyedMutex>()
const ofNames = new Map<string, KeyedMutex>()

/** The locks of a source's keys, shared by all caches of this process. */
function locksOf(identity: object | string): KeyedMutex {
  const known = typeof identity === 'string' ? ofNames.get(identity) : ofStores.get(identity)
  if (known !== undefined) return known
  const made = new KeyedMutex()
  if (typeof identity === 'string') ofNames.set(identity, made)
  else ofStores.set(identity, made)
  return made
}

const expiry = (ttl: number | undefined): number => (ttl === undefined ? Number.POSITIVE_INFINITY : clock.now() + ttl)

const isLive = (entry: KeyvEntry | undefined): entry is KeyvEntry =>
  entry !== undefined && entry.expiresAt > clock.now()

/**
 * OPTIONS: `adapter`, the name of an npm package or a storage adapter, a Map of this process if absent; `namespace`
 * ('keyv'), which is what `clear` empties; `timeout` in seconds for each operation (1). An adapter that is named is
 * made with LOCATION, if there is one, and the other OPTIONS, if there are any:
 * `{ LOCATION: 'redis://…', OPTIONS: { adapter: '@keyv/redis', useUnlink: false } }` is
 * `new KeyvRedis('redis://…', { useUnlink: false })`.
 */
export class KeyvCache extends CacheStore {
  readonly #namespace: string
  readonly #source: Source
  readonly #locks: KeyedMutex
  /** Limits how long an operation can lock a key. */
  readonly #patience: Deadline
  readonly #connection: ReconnectingClient<KeyvClient>
  readonly #closing: Deadline
  #client: KeyvClient | undefined

  /** @throws ImproperlyConfigured if the package is not installed, or `adapter` is none */
  constructor({ alias = 'default', location, options, serializer }: BackendOptions) {
    super({ serializer })
    const { namespace = DEFAULT_NAMESPACE, timeout: _, serializer: __, ...rest } = options
    if (typeof namespace !== 'string' || namespace === '') {
      throw new ImproperlyConfigured(
        `CACHES['${alias}'].OPTIONS.namespace should be a string that is not empty, found ${formatValue(namespace)}.`,
      )
    }
    const timeout = timeoutOf(options)
    this.#namespace = namespace
    this.#source = sourceOf(alias, location, rest)
    this.#locks = locksOf(this.#source.identity)
    this.#patience = new Deadline(timeout * LOCKED_TIMEOUTS * 1000)
    this.#closing = new Deadline(timeout * 1000)
    this.#connection = new ReconnectingClient<KeyvClient>(
      {
        prepare: () => (this.#client === undefined ? this.#prepare() : undefined),
        open: async () => this.#client as KeyvClient,
        close: () => {},
        blame: (error) => (error instanceof InvalidCacheValue ? 'caller' : 'outage'),
        healsItself: true,
        pausesAfterSilence: true,
      },
      new Outage(alias, this.#source.name),
      timeout,
    )
  }

  async #prepare(): Promise<void> {
    await this.#source.load()
    this.#client ??= new KeyvClient(this.#source.open(), this.#namespace)
  }

  /** Adapters are for servers of many kinds. Of these, memcached has the strictest rules for keys. */
  protected override canHold(key: string): boolean {
    return isMemcachedKey(`${this.#namespace}:${key}`)
  }

  #read<T>(work: (client: KeyvClient) => Promise<T>): Promise<T> {
    return this.#connection.run((client) => client.watch(() => work(client)), true)
  }

  /** Calls `work` while no other caller in this process changes the key. */
  async #locked<T>(key: string, work: (client: KeyvClient, check: () => void) => Promise<T>): Promise<T> {
    let failure: Error | undefined
    /** Throws if the operation has failed. Nothing may be written after that was reported to the caller. */
    const check = (): void => {
      if (failure !== undefined) throw failure
    }
    const tooLong = (): Error => new Error('an operation of the adapter does not end')
    try {
      return await this.#connection.run((client) => {
        // The key stays locked until the adapter is done, even if the caller has timed out.
        const task = (): Promise<T> => {
          check()
          return work(client, check)
        }
        return client.watch(() => this.#locks.run(key, () => this.#patience.race(task(), tooLong)))
      })
    } catch (error) {
      failure = asError(error)
      throw error
    }
  }

  /** As `#locked`, with the key's entry; undefined if there is none or it has expired. */
  #change<T>(key: string, work: (client: KeyvClient, entry: KeyvEntry | undefined) => Promise<T>): Promise<T> {
    return this.#locked(key, async (client, check) => {
      const entry = await client.get(key)
      check()
      return work(client, isLive(entry) ? entry : undefined)
    })
  }

  /** The stored string of an entry. Deletes an expired entry, because not every adapter does. */
  async #live(key: string, entry: KeyvEntry | undefined): Promise<string | undefined> {
    if (isLive(entry)) return entry.stored
    if (entry !== undefined) await this.#removeExpired(key)
    return undefined
  }

  #removeExpired(key: string): Promise<void> {
    return this.#locked(key, async (client, check) => {
      const entry = await client.get(key)
      check()
      if (entry !== undefined && !isLive(entry)) await client.delete(key)
    })
  }

  async get<Value = string>(key: string): Promise<Value | undefined> {
    return (await this.#live(key, await this.#read((client) => client.get(key)))) as Value | undefined
  }

  override async getMany<Value = string>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    const entries = await this.#read((client) => client.getMany(keys))
    const found = await Promise.all(keys.map((key, i) => this.#live(key, entries[i])))
    return found as (Value | undefined)[]
  }

  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined
  }

  async set(key: string, stored: string, ttl?: number): Promise<boolean> {
    const expiresAt = expiry(ttl)
    await this.#locked(key, (client) => client.set(key, stored, expiresAt))
    return true
  }

  async delete(key: string): Promise<boolean> {
    return this.#locked(key, async (client, check) => {
      const entry = await client.get(key)
      check()
      if (entry !== undefined) await client.delete(key)
      return isLive(entry)
    })
  }

  /** Deletes the keys of the namespace. */
  async clear(): Promise<void> {
    await this.#read((client) => client.clear())
  }

  async add(key: string, stored: string, ttl?: number): Promise<boolean> {
    const expiresAt = expiry(ttl)
    return this.#change(key, async (client, entry) => {
      if (entry !== undefined) return false
      await client.set(key, stored, expiresAt)
      return true
    })
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    const expiresAt = expiry(ttl)
    return this.#change(key, async (client, entry) => {
      if (entry === undefined) return false
      await client.set(key, entry.stored, expiresAt)
      return true
    })
  }

  async increment(key: string, delta: number): Promise<number | undefined> {
    return this.#change(key, async (client, entry) => {
      if (entry === undefined) return undefined
      const { sum, stored } = this.added(entry.stored, delta, key)
      await client.set(key, stored, entry.expiresAt)
      return sum
    })
  }

  async getWithToken(key: string): Promise<StoredValue | undefined> {
    return ownToken(await this.get(key))
  }

  async compareAndSet(key: string, stored: string, token: string, ttl?: number): Promise<CasResult> {
    const expiresAt = expiry(ttl)
    return this.#compare(key, token, (client) => client.set(key, stored, expiresAt))
  }

  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    return this.#compare(key, token, (client) => client.delete(key))
  }

  #compare(key: string, token: string, work: (client: KeyvClient) => Promise<void>): Promise<CasResult> {
    return this.#change(key, async (client, entry) => {
      if (entry === undefined) return 'missing'
      if (entry.stored !== token) return 'changed'
      await work(client)
      return 'stored'
    })
  }

  /** Disconnects the adapter. The next operation makes a new adapter from a package, and reuses a given object. */
  override async disconnect(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    this.#connection.close()
    // An adapter that has lost its connection may wait until its pending operations are sent.
    if (client !== undefined) await this.#closing.race(client.disconnect(), () => new Error('late')).catch(() => {})
  }
}
