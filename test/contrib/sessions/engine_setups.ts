/** All setups of session engines: each engine on each service that it may use. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Settings, settings } from '#core/conf'
import { callCommand } from '#core/management'
import { databases, memcached, redis, requireService, type TestDatabase } from '../../services.ts'
import { inDatabase } from './database.ts'

export interface EngineSetup {
  readonly name: string
  readonly settings: Settings
  /** Why it is not available; empty if it is. */
  readonly reason: string
  /** Whether all processes see the same sessions. */
  readonly isShared: boolean
  prepare(): Promise<void>
  leave(): Promise<void>
}

export const REDIS = process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:6379/9'

const BACKENDS = 'core.cache.backends'
const engine = (name: string): string => `core.contrib.sessions.backends.${name}`
const nothing = async (): Promise<void> => {}

/**
 * All setups.
 * @param suite part of the names of databases, directories and cache keys, different for each test file
 */
export async function engineSetups(suite: string): Promise<EngineSetup[]> {
  const dbs = await databases(suite)
  const sqlite = dbs[0] as TestDatabase
  const folder = mkdtempSync(path.join(tmpdir(), `nuages-${suite}-`))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const [onRedis, onMemcached] = [await redis(), await memcached()]
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
    ...cached('Redis', { BACKEND: `${BACKENDS}.redis.RedisCache`, LOCATION: REDIS }, onRedis.reason),
    ...cached(
      'Memcached',
      { BACKEND: `${BACKENDS}.memcached.PyMemcacheCache`, LOCATION: onMemcached.location },
      onMemcached.reason,
    ),
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

/** Prepares a setup before a suite and removes it afterwards. Skips the suite if its service is not available. */
export function useSetup(setup: EngineSetup): void {
  const available = setup.reason === ''
  before(function () {
    requireService({ available, reason: setup.reason }, this)
    return setup.prepare()
  })
  after(() => (available ? setup.leave() : undefined))
}

/** The same with the settings of the setup, on a database with all tables; call it inside a `describe`. */
export function useMigratedSetup(setup: EngineSetup): void {
  useSetup(setup)
  inDatabase(setup.settings)
  before(async () => {
    if (settings.CACHES.default?.BACKEND.endsWith('DatabaseCache')) await callCommand('createcachetable')
  })
}
