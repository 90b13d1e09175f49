/** A cache in Redis: shared by all processes and machines, exact under any concurrency. Needs the package @redis/client. */
import { Batcher, type JobResult } from '#core/concurrency'
import { notWhole, Outage } from '../errors.ts'
import { ReconnectingClient, timeoutOf } from '../reconnecting_client.ts'
import { LazyPackage } from '../packages.ts'
import {
  type Argument,
  clusterDialer,
  COMPARE_AND_DELETE,
  COMPARE_AND_SET,
  COMPARE_AND_SET_EACH,
  INCREMENT,
  isOk,
  type RedisClient,
  type RedisOptions,
  sentinelDialer,
  serverDialer,
  shownLocation,
  TOUCH,
} from '../redis_client.ts'
import { PickleSerializer } from '../serializers.ts'
import { type BackendOptions, CacheStore, type CasResult, type Entry, ownToken, type TokenedText } from '../store.ts'
import { wholeNumber, wholeText } from '../parameters.ts'

/** Milliseconds as Redis takes them: whole, and at least one. Empty for a time that is too long to be written so. */
const px = (ttl: number | undefined): string[] =>
  ttl === undefined || ttl > Number.MAX_SAFE_INTEGER ? [] : [String(Math.max(1, Math.ceil(ttl)))]

/** Bytes to be sent. The client sends texts as UTF-8, which is the same for ASCII, and faster. */
const sent = (bytes: string): Argument => (NOT_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1') : bytes)

/** A reply's text, as a byte string; undefined for none. */
const received = (reply: Buffer | null): string | undefined => (reply === null ? undefined : reply.toString('latin1'))

// The shapes of replies, by which a reply of another command is recognized.
const isText = (reply: unknown): reply is Buffer | null => reply === null || Buffer.isBuffer(reply)
const isFlag = (reply: unknown): reply is 0 | 1 => reply === 0 || reply === 1
const isSum = (reply: unknown): reply is string | null =>
  reply === null || (typeof reply === 'string' && /^-?\d{1,16}$/.test(reply))
const isOkOrNull = (reply: unknown): reply is 'OK' | null => reply === null || isOk(reply)
const isResult = (reply: unknown): reply is CasResult =>
  reply === 'stored' || reply === 'changed' || reply === 'missing'

type Shape<Reply> = (reply: unknown) => reply is Reply

const isListOf =
  <Each>(length: number, isEach: Shape<Each>): Shape<Each[]> =>
  (reply): reply is Each[] =>
    Array.isArray(reply) && reply.length === length && reply.every(isEach)

const isCountUpTo =
  (most: number): Shape<number> =>
  (reply): reply is number =>
    Number.isSafeInteger(reply) && (reply as number) >= 0 && (reply as number) <= most

const isString = (reply: unknown): reply is string => typeof reply === 'string'

const NOT_ASCII = /[^\0-\x7f]/

/** Characters that no byte string has. */
const NOT_BYTES = /[^\0-\xff]/

const set = (key: string, text: string, ttl: number | undefined, ...conditions: string[]): Argument[] => {
  const life = px(ttl)
  return ['SET', key, sent(text), ...(life.length > 0 ? ['PX', ...life] : []), ...conditions]
}

/** A compare-and-set on its way. */
interface Comparison {
  readonly key: string
  readonly token: string
  readonly text: string
  readonly ttl: number | undefined
}

/** Groups of one kind on their way at once, and how many go together. */
const GATHERED = { maxConcurrentBatches: 2, maxBatchSize: 100, isBatchError: () => true }

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
  readonly #reads = new Batcher<string, TokenedText | undefined>({
    ...GATHERED,
    runBatch: (keys) => this.#readEach(keys),
  })
  readonly #comparisons = new Batcher<Comparison, CasResult>({
    ...GATHERED,
    flushEarly: true,
    keyOf: ({ key }) => key,
    runBatch: (each) => this.#compareEach(each),
  })

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

  /** It comes from the server that is written to. */
  getWithToken(key: string): Promise<TokenedText | undefined> {
    return this.#isCluster ? this.#readOne(key) : this.#reads.do(key)
  }

  async #readOne(key: string): Promise<TokenedText | undefined> {
    return ownToken(received(await this.#write(key, ['GET', key], isText)))
  }

  async #readEach(keys: readonly string[]): Promise<JobResult<TokenedText | undefined>[]> {
    const [first = ''] = keys
    if (keys.length === 1) return [{ answer: await this.#readOne(first) }]
    const replies = await this.#write(first, ['MGET', ...keys], isListOf(keys.length, isText))
    return replies.map((reply) => ({ answer: ownToken(received(reply)) }))
  }

  async compareAndSet(key: string, text: string, token: string, ttl?: number): Promise<CasResult> {
    if (NOT_BYTES.test(token)) return this.mismatch(key)
    const comparison = { key, text, token, ttl }
    return this.#isCluster ? this.#compare(comparison) : this.#comparisons.do(comparison)
  }

  #compare({ key, token, text, ttl }: Comparison): Promise<CasResult> {
    return this.#script(COMPARE_AND_SET, isResult, key, sent(token), sent(text), ...px(ttl))
  }

  async #compareEach(all: readonly Comparison[]): Promise<JobResult<CasResult>[]> {
    if (all.length === 1) return [{ answer: await this.#compare(all[0] as Comparison) }]
    const keys = all.map(({ key }) => key)
    const values = all.flatMap(({ token, text, ttl }) => [sent(token), sent(text), px(ttl)[0] ?? ''])
    const command = ['EVAL', COMPARE_AND_SET_EACH, String(keys.length), ...keys, ...values]
    const words = await this.#write(keys[0] as string, command, isListOf(keys.length, isString))
    return Promise.all(words.map((word, i) => this.#outcome(word, all[i] as Comparison)))
  }

  /** What a word says. One that is none did nothing: asked again by itself, Redis tells the error as an error. */
  async #outcome(word: string, comparison: Comparison): Promise<JobResult<CasResult>> {
    if (isResult(word)) return { answer: word }
    return this.#compare(comparison).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    )
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
