/** The backends that the suites of this folder loop over, each with the service that it stands on. */
import path from 'node:path'
import { Cache, type CacheParameters, type CacheStore, CacheTable } from '#core/cache'
import { overrideSettings } from '#core/conf'
import { connections } from '#core/db'
import { DatabaseCache } from '../../core/cache/backends/db.ts'
import { FileBasedCache } from '../../core/cache/backends/filebased.ts'
import { LocMemCache } from '../../core/cache/backends/locmem.ts'
import { PyMemcacheCache } from '../../core/cache/backends/memcached.ts'
import { RedisCache } from '../../core/cache/backends/redis.ts'
import { databases, memcached, redis, temporaryFolder, type TestDatabase } from '../services.ts'

export interface Backend {
  readonly name: string
  /** Class as an entry of CACHES names it, for other processes. */
  readonly dottedName: string
  readonly available: boolean
  readonly reason: string
  /** Whether its values age by our own clock, which a test can turn. */
  readonly agesByOurClock: boolean
  /** Whether it lives in this process alone. */
  readonly isLocal: boolean
  /** Whether it can keep a number below 0 and add to it. */
  readonly countsBelowZero: boolean
  /** Bytes of its serializer as they lie in the store. */
  readonly stored: (bytes: string) => string
  readonly database?: TestDatabase
  location(): string
  begin(): Promise<void>
  end(): Promise<void>
  store(options?: Readonly<Record<string, unknown>>): CacheStore
}

type Given = Pick<Backend, 'name' | 'dottedName' | 'location' | 'store'> & Partial<Backend>

const usual = {
  available: true,
  reason: '',
  agesByOurClock: true,
  isLocal: false,
  countsBelowZero: true,
  stored: (bytes: string) => bytes,
  begin: async () => {},
  end: async () => {},
}

const backend = (given: Given): Backend => ({ ...usual, ...given })

const TABLE = 'cache_table'

const onDatabase = (database: TestDatabase): Backend =>
  backend({
    name: `db on ${database.name}`,
    dottedName: 'core.cache.backends.db.DatabaseCache',
    available: database.available,
    reason: database.reason,
    database,
    stored: (bytes) => Buffer.from(bytes, 'latin1').toString('base64'),
    location: () => TABLE,
    async begin() {
      await database.create()
      await inDatabase(database, () => new CacheTable(TABLE).create())
    },
    end: () => database.drop(),
    store: (options = { MAX_ENTRIES: 10_000 }) => new DatabaseCache({ location: TABLE, options }),
  })

/** Runs `work` with the backend's database as the default one, where it has one. */
export async function inDatabase<T>(database: TestDatabase | undefined, work: () => Promise<T>): Promise<T> {
  if (database === undefined) return work()
  let result: T | undefined
  await overrideSettings({ DATABASES: { default: database.config } }, async () => {
    try {
      result = await work()
    } finally {
      await connections.close()
    }
  })
  return result as T
}

function inFiles(): Backend {
  const folder = path.join(temporaryFolder('files'), 'cache')
  return backend({
    name: 'filebased',
    dottedName: 'core.cache.backends.filebased.FileBasedCache',
    location: () => folder,
    store: (options = { MAX_ENTRIES: 10_000 }) => new FileBasedCache({ location: folder, options }),
  })
}

/** @param suite a name of its own for each test file */
export async function backends(suite: string): Promise<Backend[]> {
  const [onRedis, onMemcached] = await Promise.all([redis(), memcached()])
  return [
    backend({
      name: 'locmem',
      dottedName: 'core.cache.backends.locmem.LocMemCache',
      isLocal: true,
      location: () => `tests ${suite}`,
      store: (options = { MAX_ENTRIES: 10_000 }) => new LocMemCache({ location: `tests ${suite}`, options }),
    }),
    inFiles(),
    ...(await databases(suite)).map(onDatabase),
    backend({
      ...onRedis,
      name: 'redis',
      dottedName: 'core.cache.backends.redis.RedisCache',
      agesByOurClock: false,
      location: () => onRedis.location,
      store: (options = { timeout: 5 }) => new RedisCache({ location: onRedis.location, options }),
    }),
    backend({
      ...onMemcached,
      name: 'memcached',
      dottedName: 'core.cache.backends.memcached.PyMemcacheCache',
      agesByOurClock: false,
      countsBelowZero: false,
      // The flag of a pickle.
      stored: (bytes) => `\x01${bytes}`,
      location: () => onMemcached.location,
      store: (options = { timeout: 5 }) => new PyMemcacheCache({ location: onMemcached.location, options }),
    }),
  ]
}

let prefixes = 0

/** A cache over the backend whose keys are nobody else's. */
export const newCache = (on: Backend, parameters: CacheParameters = {}): Cache =>
  new Cache(on.store(), { keyPrefix: `t${process.pid}x${prefixes++}`, ...parameters })
