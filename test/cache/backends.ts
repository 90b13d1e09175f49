/** The cache backends with the services that they need, and a loop over them that cache suites share. */
import path from 'node:path'
import { Cache, type CacheParameters, type CacheStore, CacheTable } from '#core/cache'
import { overrideSettings } from '#core/conf'
import { connections } from '#core/db'
import { captureLogs, setClock } from '#core/utils'
import { DatabaseCache } from '../../core/cache/backends/db.ts'
import { FileBasedCache } from '../../core/cache/backends/filebased.ts'
import { KeyvCache } from '../../core/cache/backends/keyv.ts'
import { LocMemCache } from '../../core/cache/backends/locmem.ts'
import { PyMemcacheCache } from '../../core/cache/backends/memcached.ts'
import { RedisCache } from '../../core/cache/backends/redis.ts'
import { databases, memcached, redis, requireService, temporaryFolder, type TestDatabase } from '../services.ts'

export interface Backend {
  readonly name: string
  /** The class as named in CACHES, for other processes. */
  readonly dottedName: string
  /** OPTIONS of such an entry. */
  readonly options: Readonly<Record<string, unknown>>
  readonly available: boolean
  readonly reason: string
  /** Whether values expire by this process's clock, which a test can set. */
  readonly agesByOurClock: boolean
  /** Whether `add`, `incr` and `cas` are atomic across processes. */
  readonly isAtomicAmongProcesses: boolean
  /** Whether values are pickles, as Django writes them. */
  readonly holdsPickles: boolean
  /** Whether it enforces MAX_ENTRIES. */
  readonly hasMaxEntries: boolean
  /** Whether it can store a number below 0 and add to it. */
  readonly countsBelowZero: boolean
  /** Bytes of its serializer, as stored. */
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
  options: {},
  agesByOurClock: true,
  isAtomicAmongProcesses: true,
  holdsPickles: true,
  hasMaxEntries: true,
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

/** Calls `work` with the backend's database, if it has one, as the default database. */
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

const inMemory = (location: string): Backend =>
  backend({
    name: 'locmem',
    dottedName: 'core.cache.backends.locmem.LocMemCache',
    isAtomicAmongProcesses: false,
    holdsPickles: false,
    location: () => location,
    store: (options = { MAX_ENTRIES: 10_000 }) => new LocMemCache({ location, options }),
  })

/** @param given the service that the adapter needs, and LOCATION */
function throughKeyv(given: Partial<Backend> & Pick<Backend, 'name' | 'location'>): Backend {
  const { options = {}, location } = given
  return backend({
    dottedName: 'core.cache.backends.keyv.KeyvCache',
    isAtomicAmongProcesses: false,
    holdsPickles: false,
    hasMaxEntries: false,
    store: () => new KeyvCache({ location: location(), options }),
    ...given,
  })
}

const ofServer = { agesByOurClock: false, hasMaxEntries: false, options: { timeout: 5 } }

/** @param suite a name that is different for each test file */
export async function backends(suite: string): Promise<Backend[]> {
  const [onRedis, onMemcached] = await Promise.all([redis(), memcached()])
  const location = `tests ${suite}`
  return [
    inMemory(location),
    throughKeyv({ name: 'keyv in a Map', location: () => location }),
    throughKeyv({
      ...onRedis,
      name: 'keyv on Redis',
      options: { adapter: '@keyv/redis', timeout: 5 },
      location: () => onRedis.location,
    }),
    inFiles(),
    ...(await databases(suite)).map(onDatabase),
    backend({
      ...ofServer,
      ...onRedis,
      name: 'redis',
      dottedName: 'core.cache.backends.redis.RedisCache',
      location: () => onRedis.location,
      store: (options = ofServer.options) => new RedisCache({ location: onRedis.location, options }),
    }),
    backend({
      ...ofServer,
      ...onMemcached,
      name: 'memcached',
      dottedName: 'core.cache.backends.memcached.PyMemcacheCache',
      countsBelowZero: false,
      // The flag of a pickle.
      stored: (bytes) => `\x01${bytes}`,
      location: () => onMemcached.location,
      store: (options = ofServer.options) => new PyMemcacheCache({ location: onMemcached.location, options }),
    }),
  ]
}

let prefixes = 0

/** A cache on the backend with its own key prefix. */
export const newCache = (on: Backend, parameters: CacheParameters = {}): Cache =>
  new Cache(on.store(), { keyPrefix: `t${process.pid}x${prefixes++}`, ...parameters })

/** A suite for each backend. One whose service is not running is skipped and listed; with CI=true it is a failure. */
export function onEachBackend(all: readonly Backend[], body: (on: Backend) => void): void {
  for (const on of all) {
    describe(on.name, () => {
      before(function () {
        requireService(on, this)
      })
      before(() => on.begin())
      body(on)
      // After the hooks of the suite itself.
      after(async () => {
        if (on.available) await on.end()
      })
    })
  }
}

/** A test with a new cache on the backend, inside its database. Its logs are not printed. */
export function cacheTest(on: Backend, title: string, body: (cache: Cache) => Promise<void>): void {
  it(title, () =>
    inDatabase(on.database, async () => {
      const cache = newCache(on)
      const release = captureLogs(() => {})
      try {
        await body(cache)
      } finally {
        release()
        setClock()
        await cache.close()
      }
    }),
  )
}
