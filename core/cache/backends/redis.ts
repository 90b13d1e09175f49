/** A cache in Redis, shared by all processes and machines. Needs the package @redis/client. */
import { fastPaths } from '#core/utils'
import { inexactSum, notAnInteger, Outage } from '../errors.ts'
import { BatchedEntries } from '../fast/batches.ts'
import { LazyPackage } from '#core/conf'
import { parseInteger, integerString } from '../parameters.ts'
import { ReconnectingClient, timeoutOf } from '../reconnecting_client.ts'
import {
  clusterDialer,
  type RedisClient,
  type RedisOptions,
  sentinelDialer,
  serverDialer,
  shownLocation,
} from '../redis_client.ts'
import {
  type Argument,
  COMPARE_AND_DELETE,
  COMPARE_AND_SET,
  INCREMENT,
  isCountUpTo,
  isFlag,
  isListOf,
  isOk,
  isOkOrNull,
  isRead,
  isResult,
  isSum,
  isBulkString,
  NOT_BYTES,
  px,
  received,
  sent,
  set,
  type Shape,
  type TokenedEntries,
  TOUCH,
} from '../redis_commands.ts'
import { PickleSerializer } from '../serializers.ts'
import { type BackendOptions, CacheStore, type CasResult, type Entry, ownToken, type StoredValue } from '../store.ts'

/** LOCATION as in Django: a list, or a string with the URLs separated by commas or semicolons. */
const locations = (location: string | readonly string[]): readonly string[] =>
  typeof location === 'string' ? location.split(/[;,]/).map((each) => each.trim()) : location

/**
 * LOCATION is a URL or several: the first is the server for writes, the others are replicas, which are read at random.
 * OPTIONS: `timeout` in seconds for each operation (1), `db`, and the options of createClient in @redis/client; or
 * `sentinel`, the options of createSentinel; or `cluster`, the options of createCluster.
 */
export class RedisCache extends CacheStore {
  readonly #writer: ReconnectingClient<RedisClient>
  readonly #readers: readonly ReconnectingClient<RedisClient>[]
  /** In a Cluster, the keys of one command must be on one server. */
  readonly #isCluster: boolean
  readonly #entries: TokenedEntries

  constructor({ alias = 'default', location, options, serializer: named }: BackendOptions) {
    super({ serializer: named }, new PickleSerializer())
    const { sentinel, cluster, timeout: _, serializer: __, ...clientOptions } = options
    const timeout = timeoutOf(options)
    const settings: RedisOptions = {
      alias,
      client: new LazyPackage(`CACHES['${alias}']`, '@redis/client'),
      timeout,
      options: clientOptions,
    }
    this.#isCluster = cluster !== undefined
    const group = cluster ?? sentinel
    if (typeof group === 'object' && group !== null) {
      const dialer = this.#isCluster ? clusterDialer(group, settings) : sentinelDialer(group, settings)
      const where = this.#isCluster ? 'Redis Cluster' : 'Redis Sentinel'
      this.#writer = new ReconnectingClient(dialer, new Outage(alias, where), timeout)
      this.#readers = []
    } else {
      const clients = locations(location).map((each) => {
        return new ReconnectingClient(
          serverDialer(each, settings),
          new Outage(alias, shownLocation(each, alias)),
          timeout,
        )
      })
      const [writer, ...readers] = clients
      this.#writer = writer as ReconnectingClient<RedisClient>
      this.#readers = readers
    }
    const entries: TokenedEntries = {
      get: async (key) => ownToken(received(await this.#write(key, ['GET', key], isBulkString))),
      compareAndSet: ({ key, token, stored, ttl }) =>
        this.#script(COMPARE_AND_SET, isResult, key, sent(token), sent(stored), ...px(ttl)),
    }
    const isBatched = fastPaths && !this.#isCluster
    this.#entries = isBatched ? new BatchedEntries(entries, (...command) => this.#write(...command)) : entries
  }

  /** As in Django: an integer as a decimal string, to which Redis can add; any other value is serialized. */
  override encode(value: unknown, name?: string): string {
    return integerString(value) ?? super.encode(value, name)
  }

  override decode(stored: string): unknown {
    // Usually a pickle, which does not begin with a digit.
    const whole = stored.charCodeAt(0) > 0x39 ? undefined : parseInteger(stored)
    return whole === undefined ? super.decode(stored) : whole
  }

  #reader(): ReconnectingClient<RedisClient> {
    return this.#readers[Math.floor(Math.random() * this.#readers.length)] ?? this.#writer
  }

  #read<Reply>(key: string, args: readonly string[], fits: Shape<Reply>): Promise<Reply> {
    return this.#reader().run((client) => client.send(key, true, args, fits), true)
  }

  #write<Reply>(key: string, args: readonly Argument[], fits: Shape<Reply>): Promise<Reply> {
    return this.#writer.run((client) => client.send(key, false, args, fits), isRead(args))
  }

  #script<Reply>(script: string, fits: Shape<Reply>, key: string, ...args: Argument[]): Promise<Reply> {
    return this.#write(key, ['EVAL', script, '1', key, ...args], fits)
  }

  async get<Value = string>(key: string): Promise<Value | undefined> {
    return received(await this.#read(key, ['GET', key], isBulkString)) as Value | undefined
  }

  async has(key: string): Promise<boolean> {
    return (await this.#read(key, ['EXISTS', key], isFlag)) === 1
  }

  async set(key: string, stored: string, ttl?: number): Promise<boolean> {
    await this.#write(key, set(key, stored, ttl), isOk)
    return true
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#write(key, ['DEL', key], isFlag)) === 1
  }

  async clear(): Promise<void> {
    await this.#writer.run((client) => client.sendToAll(['FLUSHDB']))
  }

  override async getMany<Value = string>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    const found = await this.#reader().run(
      (client) =>
        this.#isCluster
          ? Promise.all(keys.map((key) => client.send(key, true, ['GET', key], isBulkString)))
          : client.send(keys[0], true, ['MGET', ...keys], isListOf(keys.length, isBulkString)),
      true,
    )
    return found.map((reply) => received(reply) as Value | undefined)
  }

  override async setMany(entries: readonly Entry[]): Promise<void> {
    await this.#writer.run((client) =>
      Promise.all(entries.map(({ key, value, ttl }) => client.send(key, false, set(key, value, ttl), isOk))),
    )
  }

  override async deleteMany(keys: readonly string[]): Promise<boolean> {
    const deleted = await this.#writer.run((client) =>
      this.#isCluster
        ? Promise.all(keys.map((key) => client.send(key, false, ['DEL', key], isFlag)))
        : client.send(keys[0], false, ['DEL', ...keys], isCountUpTo(keys.length)).then((count) => [count]),
    )
    return deleted.some((count) => count > 0)
  }

  async add(key: string, stored: string, ttl?: number): Promise<boolean> {
    return (await this.#write(key, set(key, stored, ttl, 'NX'), isOkOrNull)) === 'OK'
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    return (await this.#script(TOUCH, isFlag, key, ...px(ttl))) === 1
  }

  async increment(key: string, delta: number): Promise<number | undefined> {
    try {
      const sum = await this.#script(INCREMENT, isSum, key, String(delta))
      return sum === null ? undefined : Number(sum) + 0
    } catch (error) {
      const { message = '' } = error as Partial<Error>
      if (message.includes('overflow')) throw Object.assign(inexactSum(key), { cause: error })
      if (!/not an integer|out of range|WRONGTYPE/.test(message)) throw error
      throw Object.assign(notAnInteger(key, 'a whole number of 64 bits'), { cause: error })
    }
  }

  /** Reads from the server for writes. */
  getWithToken(key: string): Promise<StoredValue | undefined> {
    return this.#entries.get(key)
  }

  async compareAndSet(key: string, stored: string, token: string, ttl?: number): Promise<CasResult> {
    if (NOT_BYTES.test(token)) return this.mismatch(key)
    return this.#entries.compareAndSet({ key, stored, token, ttl })
  }

  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    if (NOT_BYTES.test(token)) return this.mismatch(key)
    return this.#script(COMPARE_AND_DELETE, isResult, key, sent(token))
  }

  override async disconnect(): Promise<void> {
    for (const client of [this.#writer, ...this.#readers]) client.close()
  }
}

/** Django's name for the serializer of its RedisCache. */
export { PickleSerializer as RedisSerializer }
