/** A cache in Redis: shared by all processes and machines, exact under any concurrency. Needs the package @redis/client. */
import { notWhole } from '../errors.ts'
import { Link, timeoutOf } from '../link.ts'
import { Outage } from '../outage.ts'
import { LazyPackage } from '../packages.ts'
import {
  clusterDialer,
  type RedisClient,
  type RedisOptions,
  sentinelDialer,
  serverDialer,
  shownLocation,
} from '../redis_client.ts'
import { COMPARE_AND_DELETE, COMPARE_AND_SET, INCREMENT, TOUCH } from '../redis_scripts.ts'
import { type BackendOptions, CacheStore, type CasResult, type Entry, type TokenedText } from '../store.ts'

/** Milliseconds as Redis takes them: whole, and at least one. */
const px = (ttl: number | undefined): string[] => (ttl === undefined ? [] : [String(Math.max(1, Math.ceil(ttl)))])

const set = (key: string, text: string, ttl: number | undefined, ...conditions: string[]): string[] => {
  const life = px(ttl)
  return ['SET', key, text, ...(life.length > 0 ? ['PX', ...life] : []), ...conditions]
}

/** LOCATION as in Django: a list, or a text with commas or semicolons between the URLs. */
const locations = (location: string | readonly string[]): readonly string[] =>
  typeof location === 'string' ? location.split(/[;,]/).map((each) => each.trim()) : location

/**
 * LOCATION is a URL or several, of which the first is written to and the others, its replicas, are read at random.
 * OPTIONS: `timeout` in seconds for each operation (1), `db`, and what createClient of @redis/client takes; or
 * `sentinel`, what createSentinel takes; or `cluster`, what createCluster takes.
 */
export class RedisCache extends CacheStore {
  readonly #writer: Link<RedisClient>
  readonly #readers: readonly Link<RedisClient>[]
  /** In a Cluster, a command may not name keys of several servers. */
  readonly #isCluster: boolean

  constructor({ alias = 'default', location, options }: BackendOptions) {
    super()
    const { sentinel, cluster, timeout: _, ...clientOptions } = options
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
      this.#writer = new Link(dialer, new Outage(alias, where), timeout)
      this.#readers = []
    } else {
      const links = locations(location).map((each) => {
        return new Link(serverDialer(each, settings), new Outage(alias, shownLocation(each, alias)), timeout)
      })
      const [writer, ...readers] = links
      this.#writer = writer as Link<RedisClient>
      this.#readers = readers
    }
  }

  #reader(): Link<RedisClient> {
    return this.#readers[Math.floor(Math.random() * this.#readers.length)] ?? this.#writer
  }

  #read(key: string, ...args: string[]): Promise<unknown> {
    return this.#reader().run((client) => client.send(key, true, args))
  }

  #write(key: string, args: readonly string[]): Promise<unknown> {
    return this.#writer.run((client) => client.send(key, false, args))
  }

  #script(script: string, key: string, ...args: string[]): Promise<unknown> {
    return this.#write(key, ['EVAL', script, '1', key, ...args])
  }

  async get<Value = string>(key: string): Promise<Value | undefined> {
    return ((await this.#read(key, 'GET', key)) ?? undefined) as Value | undefined
  }

  async has(key: string): Promise<boolean> {
    return (await this.#read(key, 'EXISTS', key)) === 1
  }

  async set(key: string, text: string, ttl?: number): Promise<boolean> {
    await this.#write(key, set(key, text, ttl))
    return true
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#write(key, ['DEL', key])) === 1
  }

  async clear(): Promise<void> {
    await this.#writer.run((client) => client.sendToAll(['FLUSHDB']))
  }

  override async getMany<Value = string>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    const found = await this.#reader().run((client) =>
      this.#isCluster
        ? Promise.all(keys.map((key) => client.send(key, true, ['GET', key])))
        : (client.send(keys[0], true, ['MGET', ...keys]) as Promise<unknown[]>),
    )
    return found.map((text) => (text ?? undefined) as Value | undefined)
  }

  override async setMany(entries: readonly Entry[]): Promise<void> {
    await this.#writer.run((client) =>
      Promise.all(entries.map(({ key, value, ttl }) => client.send(key, false, set(key, value, ttl)))),
    )
  }

  override async deleteMany(keys: readonly string[]): Promise<boolean> {
    const deleted = await this.#writer.run((client) =>
      this.#isCluster
        ? Promise.all(keys.map((key) => client.send(key, false, ['DEL', key])))
        : client.send(keys[0], false, ['DEL', ...keys]).then((count) => [count]),
    )
    return deleted.some((count) => Number(count) > 0)
  }

  async add(key: string, text: string, ttl?: number): Promise<boolean> {
    return (await this.#write(key, set(key, text, ttl, 'NX'))) === 'OK'
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    return (await this.#script(TOUCH, key, ...px(ttl))) === 1
  }

  async increment(key: string, delta: number): Promise<number | undefined> {
    try {
      return ((await this.#script(INCREMENT, key, String(delta))) ?? undefined) as number | undefined
    } catch (error) {
      if (error instanceof Error && /not an integer|out of range|overflow|WRONGTYPE/.test(error.message)) {
        throw Object.assign(notWhole(key), { cause: error })
      }
      throw error
    }
  }

  /** The text is its own token: equal text is an equal state. It comes from the server that is written to. */
  async getWithToken(key: string): Promise<TokenedText | undefined> {
    const text = await this.#writer.run((client) => client.send(key, false, ['GET', key]))
    return typeof text === 'string' ? { text, token: text } : undefined
  }

  async compareAndSet(key: string, text: string, token: string, ttl?: number): Promise<CasResult> {
    return (await this.#script(COMPARE_AND_SET, key, token, text, ...px(ttl))) as CasResult
  }

  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    return (await this.#script(COMPARE_AND_DELETE, key, token)) as CasResult
  }

  override async disconnect(): Promise<void> {
    for (const link of [this.#writer, ...this.#readers]) link.close()
  }
}
