/** A cache in Redis: shared by all processes and machines, exact under any concurrency. Needs the package @redis/client. */
import { fastPaths } from '#core/utils'
import { notWhole, Outage } from '../errors.ts'
import { BatchedEntries } from '../fast/redis_batches.ts'
import { LazyPackage } from '../packages.ts'
import { wholeNumber, wholeText } from '../parameters.ts'
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
  isResult,
  isSum,
  isText,
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
import { type BackendOptions, CacheStore, type CasResult, type Entry, ownToken, type TokenedText } from '../store.ts'

/** LOCATION as in Django: a list, or a text with commas or semicolons between the URLs. */
const locations = (location: string | readonly string[]): readonly string[] =>
  typeof location === 'string' ? location.split(/[;,]/).map((each) => each.trim()) : location

/**
 * LOCATION is a URL or several, of which the first is written to and the others, its replicas, are read at random.
 * OPTIONS: `timeout` in seconds for each operation (1), `db`, and what createClient of @redis/client takes; or
 * `sentinel`, what createSentinel takes; or `cluster`, what createCluster takes.
 */
export class RedisCache extends CacheStore {
  readonly #writer: ReconnectingClient<RedisClient>
  readonly #readers: readonly ReconnectingClient<RedisClient>[]
  /** In a Cluster, a command may not name keys of several servers. */
  readonly #isCluster: boolean
  readonly #entries: TokenedEntries

  constructor({ alias = 'default', location, options, serializer: named }: BackendOptions) {
    super({ serializer: named }, new PickleSerializer())
    const { sentinel, cluster, timeout: _, serializer: __, ...clientOptions } = options
    const timeout = timeoutOf(options)
    const settings: RedisOptions = {
      alias,
      client: new LazyPackage(alias, '@redis/client'),
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
      const links = locations(location).map((each) => {
        return new ReconnectingClient(
          serverDialer(each, settings),
          new Outage(alias, shownLocation(each, alias)),
          timeout,
        )
      })
      const [writer, ...readers] = links
      this.#writer = writer as ReconnectingClient<RedisClient>
      this.#readers = readers
    }
    const entries: TokenedEntries = {
      get: async (key) => ownToken(received(await this.#write(key, ['GET', key], isText))),
      compareAndSet: ({ key, token, text, ttl }) =>
        this.#script(COMPARE_AND_SET, isResult, key, sent(token), sent(text), ...px(ttl)),
    }
    const isBatched = fastPaths && !this.#isCluster
    this.#entries = isBatched ? new BatchedEntries(entries, (...command) => this.#write(...command)) : entries
  }

  /** As Django: a whole number as text, so that Redis can add to it; anything else by the serializer. */
  override encode(value: unknown, name?: string): string {
    return wholeText(value) ?? super.encode(value, name)
  }

  override decode(stored: string): unknown {
    // Most often it is a pickle, which begins with no digit.
    const whole = stored.charCodeAt(0) > 0x39 ? undefined : wholeNumber(stored)
    return whole === undefined ? super.decode(stored) : whole
  }

  #reader(): ReconnectingClient<RedisClient> {
    return this.#readers[Math.floor(Math.random() * this.#readers.length)] ?? this.#writer
  }

  #read<Reply>(key: string, args: readonly string[], fits: Shape<Reply>): Promise<Reply> {
    return this.#reader().run((client) => client.send(key, true, args, fits))
  }

  #write<Reply>(key: string, args: readonly Argument[], fits: Shape<Reply>): Promise<Reply> {
    return this.#writer.run((client) => client.send(key, false, args, fits))
  }

  #script<Reply>(script: string, fits: Shape<Reply>, key: string, ...args: Argument[]): Promise<Reply> {
    return this.#write(key, ['EVAL', script, '1', key, ...args], fits)
  }

  async get<Value = string>(key: string): Promise<Value | undefined> {
    return received(await this.#read(key, ['GET', key], isText)) as Value | undefined
  }

  async has(key: string): Promise<boolean> {
    return (await this.#read(key, ['EXISTS', key], isFlag)) === 1
  }

  async set(key: string, text: string, ttl?: number): Promise<boolean> {
    await this.#write(key, set(key, text, ttl), isOk)
    return true
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#write(key, ['DEL', key], isFlag)) === 1
  }

  async clear(): Promise<void> {
    await this.#writer.run((client) => client.sendToAll(['FLUSHDB']))
  }

  override async getMany<Value = string>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    const found = await this.#reader().run((client) =>
      this.#isCluster
        ? Promise.all(keys.map((key) => client.send(key, true, ['GET', key], isText)))
        : client.send(keys[0], true, ['MGET', ...keys], isListOf(keys.length, isText)),
    )
    return found.map((text) => received(text) as Value | undefined)
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

  async add(key: string, text: string, ttl?: number): Promise<boolean> {
    return (await this.#write(key, set(key, text, ttl, 'NX'), isOkOrNull)) === 'OK'
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    return (await this.#script(TOUCH, isFlag, key, ...px(ttl))) === 1
  }

  async increment(key: string, delta: number): Promise<number | undefined> {
    try {
      const sum = await this.#script(INCREMENT, isSum, key, String(delta))
      return sum === null ? undefined : Number(sum) + 0
    } catch (error) {
      if (error instanceof Error && /not an integer|out of range|overflow|WRONGTYPE/.test(error.message)) {
        throw Object.assign(notWhole(key), { cause: error })
      }
      throw error
    }
  }

  /** From the server that is written to. */
  getWithToken(key: string): Promise<TokenedText | undefined> {
    return this.#entries.get(key)
  }

  async compareAndSet(key: string, text: string, token: string, ttl?: number): Promise<CasResult> {
    if (NOT_BYTES.test(token)) return this.mismatch(key)
    return this.#entries.compareAndSet({ key, text, token, ttl })
  }

  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    if (NOT_BYTES.test(token)) return this.mismatch(key)
    return this.#script(COMPARE_AND_DELETE, isResult, key, sent(token))
  }

  override async disconnect(): Promise<void> {
    for (const link of [this.#writer, ...this.#readers]) link.close()
  }
}

/** Django's name for what its own RedisCache keeps values by. */
export { PickleSerializer as RedisSerializer }
