/** Every place where sessions can be kept: each engine on each service that it may use. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Settings, settings } from '#core/conf'
import { callCommand } from '#core/management'
import { databases, requireService, type TestDatabase } from '../../services.ts'
import { inDatabase } from './database.ts'

export interface EngineSetup {
  readonly name: string
  readonly settings: Settings
  /** Why it is not available; empty where it is. */
  readonly reason: string
  /** Whether what is kept there is seen by all processes. */
  readonly isShared: boolean
  prepare(): Promise<void>
  leave(): Promise<void>
}

export const REDIS = process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:6379/9'
const MEMCACHED = process.env.TEST_MEMCACHED ?? '127.0.0.1:11211'

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 1000 })
    const end = (answer: boolean) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}

const BACKENDS = 'core.cache.backends'
const engine = (name: string): string => `core.contrib.sessions.backends.${name}`
const nothing = async (): Promise<void> => {}

/**
 * All places.
 * @param suite part of the names of databases, folders and cache keys, different for each test file
 */
export async function places(suite: string): Promise<EngineSetup[]> {
  const dbs = await databases(suite)
  const sqlite = dbs[0] as TestDatabase
  const folder = mkdtempSync(path.join(tmpdir(), `nuages-${suite}-`))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const { hostname, port } = new URL(REDIS)
  const [memcachedHost = '', memcachedPort = ''] = MEMCACHED.split(':')
  const redis = (await answers(hostname, Number(port || 6379))) ? '' : `Redis does not answer at ${hostname}:${port}.`
  const memcached = (await answers(memcachedHost, Number(memcachedPort)))
    ? ''
    : `Memcached does not answer at ${MEMCACHED}.`
  const prefix = { KEY_PREFIX: `${suite}${process.pid}` }

  const onDatabase = (db: TestDatabase, name: string, settings: Settings): EngineSetup => ({
    name,
    settings: { DATABASES: { default: db.config }, ...settings },
    reason: db.reason,
    isShared: true,
    prepare: () => db.create(),
    leave: () => db.drop(),
  })
  const cached = (name: string, entry: Record<string, unknown>, reason: string): EngineSetup[] =>
    ['cache', 'cached_db'].map((each) => ({
      ...onDatabase(sqlite, `${each} on ${name}`, {
        SESSION_ENGINE: engine(each),
        CACHES: { default: { ...prefix, ...entry } as never },
      }),
      reason,
      isShared: !name.startsWith('the in-process'),
    }))

  return [
    ...dbs.map((db) => onDatabase(db, `db on ${db.name}`, { SESSION_ENGINE: engine('db') })),
    ...cached('the in-process cache', { BACKEND: `${BACKENDS}.locmem.LocMemCache`, OPTIONS: { MAX_ENTRIES: 1e6 } }, ''),
    ...cached('Redis', { BACKEND: `${BACKENDS}.redis.RedisCache`, LOCATION: REDIS }, redis),
    ...cached('Memcached', { BACKEND: `${BACKENDS}.memcached.PyMemcacheCache`, LOCATION: MEMCACHED }, memcached),
    ...cached(
      'the file cache',
      {
        BACKEND: `${BACKENDS}.filebased.FileBasedCache`,
        LOCATION: path.join(folder, 'cache'),
        OPTIONS: { MAX_ENTRIES: 1e6 },
      },
      '',
    ),
    ...dbs.flatMap((db) =>
      ['cache', 'cached_db'].map((each) =>
        onDatabase(db, `${each} on the database cache on ${db.name}`, {
          SESSION_ENGINE: engine(each),
          CACHES: {
            default: {
              BACKEND: `${BACKENDS}.db.DatabaseCache`,
              LOCATION: 'cache_table',
              OPTIONS: { MAX_ENTRIES: 1e6 },
              ...prefix,
            },
          },
        }),
      ),
    ),
    {
      name: 'file',
      settings: { SESSION_ENGINE: engine('file'), SESSION_FILE_PATH: folder },
      reason: '',
      isShared: true,
      prepare: nothing,
      leave: nothing,
    },
  ]
}

/** Makes a place ready before a suite and leaves it afterwards; passes the suite over where the place is not there. */
export function at(place: EngineSetup): void {
  const available = place.reason === ''
  before(function () {
    requireService({ available, reason: place.reason }, this)
    return place.prepare()
  })
  after(() => (available ? place.leave() : undefined))
}

/** The same under the place's settings, on a database with all tables: to be called inside a `describe`. */
export function inPlace(place: EngineSetup): void {
  at(place)
  inDatabase(place.settings)
  before(async () => {
    if (settings.CACHES.default?.BACKEND.endsWith('DatabaseCache')) await callCommand('createcachetable')
  })
}
