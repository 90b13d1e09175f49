/** A cache in memcached, on one server or distributed over several. */
import type { ConnectionOptions } from 'node:tls'
import { KeyedMutex } from '#core/concurrency'
import { clock, fastPaths } from '#core/utils'
import { inexactSum, InvalidCacheValue, notAnInteger, Outage, shownKey } from '../errors.ts'
import { batchedGets } from '../fast/batches.ts'
import { type Dialer, ReconnectingClient, timeoutOf } from '../reconnecting_client.ts'
import { type Item, MemcachedConnection, MemcachedInterruption, MemcachedRefusal } from '../memcached_client.ts'
import {
  type Command,
  comparison,
  counting,
  countingBack,
  deletion,
  expiration,
  FLUSH,
  isMemcachedKey,
  isUnique,
  KEYS_PER_COMMAND,
  MAX_EXPIRY,
  retrieval,
  storage,
  type StoredItem,
} from '../memcached_commands.ts'
import { ItemCodec, receivedItem, sentItem } from '../memcached_items.ts'
import { type MemcachedServer, memcachedServers, serverOf } from '../memcached_servers.ts'
import { type BackendOptions, CacheStore, type CasResult, type Entry, type StoredValue } from '../store.ts'

/** Seconds above which memcached interprets an expiry as a Unix time. */
const MONTH = 30 * 24 * 60 * 60

/**
 * Bytes from which a value is sent over a connection of its own. The server may refuse it for its size, which closes the
 * connection, so no other command may be pending there.
 */
const LARGE = 2 ** 19

/**
 * A time to live as memcached expects it: whole seconds, rounded up, because 0 means no expiry. A time that it cannot
 * store means no expiry, too.
 */
export function memcachedExpiry(ttl: number | undefined): number {
  if (ttl === undefined) return 0
  if (ttl <= 0) return -1
  const seconds = Math.ceil(ttl / 1000)
  const expiry = seconds > MONTH ? Math.floor(clock.now() / 1000) + seconds : seconds
  return expiry > MAX_EXPIRY ? 0 : expiry
}

function dialerOf(server: MemcachedServer, tls: unknown): Dialer<MemcachedConnection> {
  const encryption =
    tls === true ? {} : typeof tls === 'object' && tls !== null ? (tls as ConnectionOptions) : undefined
  return {
    open: (lost, givenUp) => MemcachedConnection.open(server, { tls: encryption, lost, givenUp }),
    close: (connection) => connection.destroy(),
    blame(error) {
      if (error instanceof InvalidCacheValue) return 'caller'
      if (error instanceof MemcachedInterruption) return 'interruption'
      return error instanceof MemcachedRefusal ? 'refusal' : 'outage'
    },
  }
}

const tooLarge = (cause: Error, key: string, bytes: number): InvalidCacheValue =>
  new InvalidCacheValue(
    `The value of cache key ${shownKey(key)} has ${bytes} bytes, more than the memcached server takes:` +
      ' 1 MB unless it was started with a larger -I.',
    { cause },
  )

/** Reads an item with its cas unique. */
type GetItem = (key: string) => Promise<Item | undefined>

const getsOf =
  (client: ReconnectingClient<MemcachedConnection>): GetItem =>
  async (key) => {
    const command = retrieval('gets', key)
    return client.run(async (connection) => (await connection.items(command)).get(key), true)
  }

/** A command and the client that sends it. */
interface Addressed {
  readonly client: ReconnectingClient<MemcachedConnection>
  readonly command: Command
  /** For a large value: the name of the server, which gets one large value at a time. */
  readonly large?: string
}

/** LOCATION is host:port, a socket, or several. OPTIONS: `timeout` in seconds for each operation (1), `tls`. */
export class PyMemcacheCache extends CacheStore {
  readonly #codec: ItemCodec
  readonly #names: readonly string[]
  readonly #clients: readonly ReconnectingClient<MemcachedConnection>[]
  readonly #largeClients: readonly ReconnectingClient<MemcachedConnection>[]
  readonly #largeOnes = new KeyedMutex()
  /** For each server. */
  readonly #gets: readonly GetItem[]

  constructor({ alias = 'default', location, options, serializer }: BackendOptions) {
    super()
    this.#codec = new ItemCodec(serializer)
    const servers = memcachedServers(location, alias)
    this.#names = servers.map(({ name }) => name)
    const outages = servers.map(({ name }) => new Outage(alias, name))
    const clients = (): ReconnectingClient<MemcachedConnection>[] =>
      servers.map(
        (server, i) => new ReconnectingClient(dialerOf(server, options.tls), outages[i] as Outage, timeoutOf(options)),
      )
    this.#clients = clients()
    this.#largeClients = clients()
    this.#gets = this.#clients.map((client) => (fastPaths ? batchedGets(client) : getsOf(client)))
  }

  protected override canHold(key: string): boolean {
    return isMemcachedKey(key)
  }

  override encode(value: unknown, name?: string): string {
    return this.#codec.encode(value, name)
  }

  override decode(stored: string): unknown {
    return this.#codec.decode(stored)
  }

  #client(key: string): ReconnectingClient<MemcachedConnection> {
    return this.#clients[serverOf(key, this.#names)] as ReconnectingClient<MemcachedConnection>
  }

  #run(key: string, command: Command): Promise<string> {
    return this.#client(key).run((connection) => connection.run(command))
  }

  async #item(key: string): Promise<Item | undefined> {
    const command = retrieval('get', key)
    return this.#client(key).run(async (connection) => (await connection.items(command)).get(key), true)
  }

  #store(toCommand: (item: StoredItem) => Command, { key, value, ttl }: Entry): Addressed {
    const { flags, bytes } = sentItem(value)
    const command = toCommand({ key, flags, expiry: memcachedExpiry(ttl), data: bytes })
    const server = serverOf(key, this.#names)
    if (bytes.length < LARGE)
      return { client: this.#clients[server] as ReconnectingClient<MemcachedConnection>, command }
    const client = this.#largeClients[server] as ReconnectingClient<MemcachedConnection>
    return { client, command, large: this.#names[server] as string }
  }

  #send({ client, command, large }: Addressed): Promise<string> {
    const run = (): Promise<string> => client.run((connection) => runCommand(connection, command))
    return large === undefined ? run() : this.#largeOnes.run(large, run)
  }

  /** Sends commands, grouped by client except those with a large value. @returns their responses */
  async #sendAll(all: readonly Addressed[]): Promise<string[]> {
    const large = all.filter((each) => each.large !== undefined).map((each) => this.#send(each))
    const others = all.filter((each) => each.large === undefined)
    const groups = Array.from(
      byClient(others, ({ client }) => client),
      ([client, group]) => client.run((to) => Promise.all(group.map(({ command }) => runCommand(to, command)))),
    )
    return (await Promise.all([Promise.all(large), ...groups])).flat()
  }

  async get<Value = string>(key: string): Promise<Value | undefined> {
    const item = await this.#item(key)
    return (item && stringOf(item)) as Value | undefined
  }

  async has(key: string): Promise<boolean> {
    return (await this.#item(key)) !== undefined
  }

  async set(key: string, stored: string, ttl?: number): Promise<boolean> {
    return (await this.#send(this.#store(set, { key, value: stored, ttl }))) === 'STORED'
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#run(key, deletion(key))) === 'DELETED'
  }

  async clear(): Promise<void> {
    await this.#sendAll(this.#clients.map((client) => ({ client, command: FLUSH })))
  }

  override async getMany<Value = string>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    const found = new Map<string, Item>()
    const read = async (client: ReconnectingClient<MemcachedConnection>, wanted: readonly string[]) => {
      const commands = Array.from({ length: Math.ceil(wanted.length / KEYS_PER_COMMAND) }, (_, i) =>
        retrieval('get', ...wanted.slice(i * KEYS_PER_COMMAND, (i + 1) * KEYS_PER_COMMAND)),
      )
      const responses = await client.run((to) => Promise.all(commands.map((each) => to.items(each))), true)
      for (const items of responses) for (const [key, item] of items) found.set(key, item)
    }
    const groups = byClient(new Set(keys), (key) => this.#client(key))
    await Promise.all(Array.from(groups, ([client, wanted]) => read(client, wanted)))
    return keys.map((key) => {
      const item = found.get(key)
      return (item && stringOf(item)) as Value | undefined
    })
  }

  override async setMany(entries: readonly Entry[]): Promise<void> {
    await this.#sendAll(entries.map((entry) => this.#store(set, entry)))
  }

  override async deleteMany(keys: readonly string[]): Promise<boolean> {
    const responses = await this.#sendAll(keys.map((key) => ({ client: this.#client(key), command: deletion(key) })))
    return responses.includes('DELETED')
  }

  async add(key: string, stored: string, ttl?: number): Promise<boolean> {
    return (await this.#send(this.#store(add, { key, value: stored, ttl }))) === 'STORED'
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    return (await this.#run(key, expiration(key, memcachedExpiry(ttl)))) === 'TOUCHED'
  }

  /**
   * Memcached's rules: a number does not fall below 0, and a negative number cannot be changed.
   * @throws InvalidCacheValue also if the sum is not a safe integer; for a moment, other clients can read it
   */
  async increment(key: string, delta: number): Promise<number | undefined> {
    const command = counting(key, delta)
    const response = await this.#client(key).run(async (connection) => {
      try {
        return await connection.run(command)
      } catch (error) {
        if (!(error instanceof MemcachedRefusal) || !error.message.includes('non-numeric')) throw error
        throw Object.assign(notAnInteger(key, 'a whole number of 0 or more'), { cause: error })
      }
    })
    if (response === 'NOT_FOUND') return undefined
    const sum = Number(response)
    // A sum below the number that was added has wrapped around at 2^64.
    if (Number.isSafeInteger(sum) && sum >= delta) return sum
    if (delta !== 0) await this.#run(key, countingBack(key, delta))
    throw inexactSum(key)
  }

  /** The token is the cas unique. */
  async getWithToken(key: string): Promise<StoredValue | undefined> {
    const item = await (this.#gets[serverOf(key, this.#names)] as GetItem)(key)
    return item === undefined ? undefined : { stored: stringOf(item), token: item.unique }
  }

  async compareAndSet(key: string, stored: string, token: string, ttl?: number): Promise<CasResult> {
    if (!isUnique(token)) return this.mismatch(key)
    const addressed = this.#store((item) => comparison(item, token), { key, value: stored, ttl })
    const response = await this.#send(addressed)
    return response === 'STORED' ? 'stored' : response === 'NOT_FOUND' ? 'missing' : 'changed'
  }

  /** There is no conditional delete. An item that is stored as expired is deleted, too. */
  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    return this.compareAndSet(key, '', token, -1)
  }

  override async disconnect(): Promise<void> {
    for (const client of [...this.#clients, ...this.#largeClients]) client.close()
  }
}

function byClient<T>(
  all: Iterable<T>,
  clientOf: (each: T) => ReconnectingClient<MemcachedConnection>,
): Map<ReconnectingClient<MemcachedConnection>, T[]> {
  const groups = new Map<ReconnectingClient<MemcachedConnection>, T[]>()
  for (const each of all) {
    const client = clientOf(each)
    const group = groups.get(client)
    if (group === undefined) groups.set(client, [each])
    else group.push(each)
  }
  return groups
}

const set = (item: StoredItem): Command => storage('set', item)
const add = (item: StoredItem): Command => storage('add', item)

const stringOf = ({ flags, bytes }: Item): string => receivedItem(flags, bytes)

/** Runs a command. A value that is too large is the caller's error. */
async function runCommand(connection: MemcachedConnection, command: Command): Promise<string> {
  try {
    return await connection.run(command)
  } catch (error) {
    const { data, key = '' } = command
    const isTooLarge = error instanceof MemcachedRefusal && error.message.includes('too large')
    throw data !== undefined && isTooLarge ? tooLarge(error, key, data.length) : error
  }
}

/** Django's names for its clients of memcached. */
export { PyMemcacheCache as PyLibMCCache, PyMemcacheCache as MemcachedCache }
