/** A cache in memcached, on one server or spread over several. */
import { Buffer } from 'node:buffer'
import type { ConnectionOptions } from 'node:tls'
import { clock, Gatherer } from '#core/utils'
import { InvalidCacheKey, InvalidCacheValue, notWhole, shownKey } from '../errors.ts'
import { keyProblem, keyWarnings, MAX_KEY_LENGTH } from '../keys.ts'
import { type Dialer, Link, timeoutOf } from '../link.ts'
import { type Item, MemcachedConnection, MemcachedRefusal } from '../memcached_client.ts'
import { ItemCodec, receivedItem, sentItem } from '../memcached_items.ts'
import { type MemcachedServer, memcachedServers, serverOf } from '../memcached_servers.ts'
import { Outage } from '../outage.ts'
import { type BackendOptions, CacheStore, type CasResult, type Entry, type TokenedText } from '../store.ts'

/** Seconds above which memcached takes an expiry for a time of day. */
const MONTH = 30 * 24 * 60 * 60

/** Keys that are asked for in one command. */
const KEYS_PER_COMMAND = 100

/** What memcached is told of a time to live: whole seconds, rounded up, as one of 0 would be for ever. */
export function memcachedExpiry(ttl: number | undefined): number {
  if (ttl === undefined) return 0
  if (ttl <= 0) return -1
  const seconds = Math.ceil(ttl / 1000)
  return seconds > MONTH ? Math.floor(clock.now() / 1000) + seconds : seconds
}

function dialerOf(server: MemcachedServer, tls: unknown): Dialer<MemcachedConnection> {
  const encryption =
    tls === true ? {} : typeof tls === 'object' && tls !== null ? (tls as ConnectionOptions) : undefined
  return {
    open: (lost, givenUp) => MemcachedConnection.open(server, { tls: encryption, lost, givenUp }),
    close: (connection) => connection.destroy(),
    blame(error) {
      if (!(error instanceof MemcachedRefusal)) return error instanceof InvalidCacheValue ? 'caller' : 'outage'
      return error.message.startsWith('SERVER_ERROR') ? 'refusal' : 'caller'
    },
  }
}

/** A refusal of one value for its size is the caller's affair. */
function explained(error: unknown, key: string, bytes: number): unknown {
  if (!(error instanceof MemcachedRefusal) || !error.message.includes('too large')) return error
  return new InvalidCacheValue(
    `The value of cache key ${shownKey(key)} has ${bytes} bytes, more than the memcached server takes:` +
      ' 1 MB unless it was started with a larger -I.',
    { cause: error },
  )
}

const readsOf = (link: Link<MemcachedConnection>): Gatherer<string, Item | undefined> =>
  new Gatherer({
    slots: 2,
    most: KEYS_PER_COMMAND,
    isEverybodys: () => true,
    run: async (keys) => {
      const items = await link.run((connection) => connection.items(`gets ${[...new Set(keys)].join(' ')}`))
      return keys.map((key) => ({ answer: items.get(key) }))
    },
  })

/** LOCATION is host:port, a socket, or several. OPTIONS: `timeout` in seconds for each operation (1), `tls`. */
export class PyMemcacheCache extends CacheStore {
  readonly #codec: ItemCodec
  readonly #names: readonly string[]
  readonly #links: readonly Link<MemcachedConnection>[]
  /** What is read of each server by `gets`: one command for all that wait. */
  readonly #reads: readonly Gatherer<string, Item | undefined>[]

  constructor({ alias = 'default', location, options, serializer }: BackendOptions) {
    super()
    this.#codec = new ItemCodec(serializer)
    const servers = memcachedServers(location, alias)
    this.#names = servers.map(({ name }) => name)
    this.#links = servers.map(
      (server) => new Link(dialerOf(server, options.tls), new Outage(alias, server.name), timeoutOf(options)),
    )
    this.#reads = this.#links.map((link) => readsOf(link))
  }

  /** @throws InvalidCacheKey for a key that the protocol has no room for */
  override validateKey(key: string): void {
    const [problem] = keyWarnings(key)
    if (problem !== undefined) throw new InvalidCacheKey(keyProblem(key, problem))
    if (key.length * 3 > MAX_KEY_LENGTH && Buffer.byteLength(key) > MAX_KEY_LENGTH) {
      throw new InvalidCacheKey(`The cache key ${shownKey(key)} has more than ${MAX_KEY_LENGTH} bytes.`)
    }
    if (key === '') throw new InvalidCacheKey('memcached takes no empty key.')
  }

  override encode(value: unknown, name?: string): string {
    return this.#codec.encode(value, name)
  }

  override decode(stored: string): unknown {
    return this.#codec.decode(stored)
  }

  #run<T>(key: string, work: (connection: MemcachedConnection) => Promise<T>): Promise<T> {
    const link = this.#links[serverOf(key, this.#names)] as Link<MemcachedConnection>
    return link.run(work)
  }

  /** Keys, or entries, by the link to their server. */
  #byServer<T>(all: readonly T[], keyOf: (each: T) => string): Map<Link<MemcachedConnection>, T[]> {
    const groups = new Map<Link<MemcachedConnection>, T[]>()
    for (const each of all) {
      const link = this.#links[serverOf(keyOf(each), this.#names)] as Link<MemcachedConnection>
      groups.set(link, [...(groups.get(link) ?? []), each])
    }
    return groups
  }

  async #item(key: string): Promise<Item | undefined> {
    return this.#run(key, async (connection) => (await connection.items(`get ${key}`)).get(key))
  }

  /** Sends a command that stores: `<verb> <key> <flags> <expiry> <bytes>[ <unique>]`. */
  #store(verb: string, key: string, text: string, ttl: number | undefined, unique = ''): Promise<string> {
    return this.#run(key, (connection) => stored(connection, verb, { key, value: text, ttl }, unique))
  }

  async get<Value = string>(key: string): Promise<Value | undefined> {
    const item = await this.#item(key)
    return (item && textOf(item)) as Value | undefined
  }

  async has(key: string): Promise<boolean> {
    return (await this.#item(key)) !== undefined
  }

  async set(key: string, text: string, ttl?: number): Promise<boolean> {
    return (await this.#store('set', key, text, ttl)) === 'STORED'
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#run(key, (connection) => connection.command(`delete ${key}`))) === 'DELETED'
  }

  async clear(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.run((connection) => connection.command('flush_all'))))
  }

  override async getMany<Value = string>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    const found = new Map<string, Item>()
    const ask = async (link: Link<MemcachedConnection>, wanted: readonly string[]) => {
      const commands = Array.from({ length: Math.ceil(wanted.length / KEYS_PER_COMMAND) }, (_, i) =>
        wanted.slice(i * KEYS_PER_COMMAND, (i + 1) * KEYS_PER_COMMAND).join(' '),
      )
      const answers = await link.run((to) => Promise.all(commands.map((each) => to.items(`get ${each}`))))
      for (const answer of answers) for (const [key, item] of answer) found.set(key, item)
    }
    await Promise.all([...this.#byServer(keys, (key) => key)].map(([link, wanted]) => ask(link, wanted)))
    return keys.map((key) => {
      const item = found.get(key)
      return (item && textOf(item)) as Value | undefined
    })
  }

  override async setMany(entries: readonly Entry[]): Promise<void> {
    const groups = [...this.#byServer(entries, ({ key }) => key)]
    await Promise.all(
      groups.map(([link, group]) => link.run((to) => Promise.all(group.map((entry) => stored(to, 'set', entry))))),
    )
  }

  override async deleteMany(keys: readonly string[]): Promise<boolean> {
    const groups = [...this.#byServer(keys, (key) => key)]
    const answers = await Promise.all(
      groups.map(([link, group]) => link.run((to) => Promise.all(group.map((key) => to.command(`delete ${key}`))))),
    )
    return answers.flat().includes('DELETED')
  }

  async add(key: string, text: string, ttl?: number): Promise<boolean> {
    return (await this.#store('add', key, text, ttl)) === 'STORED'
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    return (await this.#run(key, (to) => to.command(`touch ${key} ${memcachedExpiry(ttl)}`))) === 'TOUCHED'
  }

  /** As memcached counts: no further down than 0, and nothing can be added to a number below it. */
  async increment(key: string, delta: number): Promise<number | undefined> {
    const command = delta < 0 ? `decr ${key} ${-delta}` : `incr ${key} ${delta}`
    try {
      const answer = await this.#run(key, (connection) => connection.command(command))
      return answer === 'NOT_FOUND' ? undefined : Number(answer)
    } catch (error) {
      if (!(error instanceof MemcachedRefusal)) throw error
      throw Object.assign(notWhole(key, 'a whole number of 0 or more'), { cause: error })
    }
  }

  /** The token is the number that the server gives each change. */
  async getWithToken(key: string): Promise<TokenedText | undefined> {
    const item = await (this.#reads[serverOf(key, this.#names)] as Gatherer<string, Item | undefined>).do(key)
    return item === undefined ? undefined : { text: textOf(item), token: item.unique }
  }

  async compareAndSet(key: string, text: string, token: string, ttl?: number): Promise<CasResult> {
    // What is no number of the server's stands for no state that it ever was in.
    if (!/^\d{1,20}$/.test(token)) return (await this.has(key)) ? 'changed' : 'missing'
    const answer = await this.#store('cas', key, text, ttl, ` ${token}`)
    return answer === 'STORED' ? 'stored' : answer === 'NOT_FOUND' ? 'missing' : 'changed'
  }

  /** There is no conditional delete; what is stored as already over is gone, too. */
  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    return this.compareAndSet(key, '', token, -1)
  }

  override async disconnect(): Promise<void> {
    for (const link of this.#links) link.close()
  }
}

const textOf = ({ flags, text }: Item): string => receivedItem(flags, text)

async function stored(to: MemcachedConnection, verb: string, { key, value, ttl }: Entry, unique = ''): Promise<string> {
  const { flags, bytes } = sentItem(value)
  try {
    return await to.command(`${verb} ${key} ${flags} ${memcachedExpiry(ttl)} ${bytes.length}${unique}`, bytes)
  } catch (error) {
    throw explained(error, key, bytes.length)
  }
}

/** Django's other names; all speak with the same servers. */
export { PyMemcacheCache as PyLibMCCache, PyMemcacheCache as MemcachedCache }
