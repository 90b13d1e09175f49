/** Every setup in which both sides share sessions, as settings that both sides use unchanged. */
import path from 'node:path'
import type { Settings } from '#core/conf'
import { memcachedServer, OwnServer, redisServer } from '../cache/servers.ts'
import { type TestDatabase, temporaryFolder } from '../services.ts'

export interface SharedSetup {
  readonly name: string
  /** With Django's names. */
  readonly settings: Settings
  /** Settings only of the Django side. */
  readonly theirs: object
  /** Why it is not available; empty if it is. */
  readonly reason: string
  /** Whether sessions are in a table, with their expiry dates. */
  readonly hasRows: boolean
  /** Maximum number of characters in the content of a session. */
  readonly most: number
  prepare(): Promise<void>
  leave(): Promise<void>
}

/** Far from UTC, not by whole hours, with daylight saving time, so that any confusion of time zones is detected. */
export const TIME_ZONE = 'America/St_Johns'

const engine = (name: string): string => `django.contrib.sessions.backends.${name}`
const backend = (name: string): string => `django.core.cache.backends.${name}`

/** A setup on a database; the settings name it as Django does. */
export function onDatabase(db: TestDatabase, name: string, settings: Settings): SharedSetup {
  const entry = { ...db.config, ENGINE: db.config.ENGINE.replace(/^core\./, 'django.') }
  return {
    name,
    settings: { DATABASES: { default: entry }, USE_TZ: true, TIME_ZONE, ...settings },
    theirs: {},
    reason: db.reason,
    hasRows: true,
    most: Number.POSITIVE_INFINITY,
    prepare: () => db.create(),
    leave: () => db.drop(),
  }
}

export const databaseEngine = { SESSION_ENGINE: engine('db') }

/** `db` on each database, with time zones and without. */
export const databaseSetups = (dbs: readonly TestDatabase[]): SharedSetup[] =>
  dbs.flatMap((db) =>
    [true, false].map((USE_TZ) => onDatabase(db, `db on ${db.name}, USE_TZ ${USE_TZ}`, { ...databaseEngine, USE_TZ })),
  )

/** `file` and `signed_cookies`. */
export function setupsWithoutTable(db: TestDatabase): SharedSetup[] {
  const file = { SESSION_ENGINE: engine('file'), SESSION_FILE_PATH: temporaryFolder('beside-django') }
  return [
    { ...onDatabase(db, 'file', file), hasRows: false },
    // We refuse what does not fit into a cookie; Django sends it, and browsers drop it.
    { ...onDatabase(db, 'signed_cookies', { SESSION_ENGINE: engine('signed_cookies') }), hasRows: false, most: 1500 },
  ]
}

/** A kind of cache: the settings of both sides, and those that differ for Django. */
interface SharedCache {
  readonly name: string
  readonly entry: Readonly<Record<string, unknown>>
  readonly theirs?: Readonly<Record<string, unknown>>
  readonly server?: OwnServer
  readonly reason?: string
}

const roomy = { OPTIONS: { MAX_ENTRIES: 1_000_000 } }

/** Each kind, with its own directory. The servers are private, because other suites clear the shared ones. */
function caches(redis: OwnServer, memcached: OwnServer): SharedCache[] {
  const onRedis = { BACKEND: backend('redis.RedisCache'), LOCATION: `redis://${redis.address}/1` }
  return [
    {
      name: 'Redis, as Django 4 keeps it',
      entry: onRedis,
      theirs: { BACKEND: 'redis_cache.RedisCache' },
      server: redis,
      reason: redisServer.reason,
    },
    {
      name: 'Redis, as django-redis keeps it',
      entry: onRedis,
      theirs: { BACKEND: 'django_redis.cache.RedisCache' },
      server: redis,
      reason: redisServer.reason,
    },
    {
      name: 'Memcached',
      entry: { BACKEND: backend('memcached.PyMemcacheCache'), LOCATION: memcached.address },
      server: memcached,
      reason: memcachedServer.reason,
    },
    {
      name: 'the file cache',
      entry: {
        BACKEND: backend('filebased.FileBasedCache'),
        LOCATION: path.join(temporaryFolder('beside-django'), 'cache'),
        ...roomy,
      },
    },
    { name: 'the database cache', entry: { BACKEND: backend('db.DatabaseCache'), LOCATION: 'cache_table', ...roomy } },
  ]
}

function onCache(
  db: TestDatabase,
  each: string,
  { name, entry, theirs, server, reason = '' }: SharedCache,
): SharedSetup {
  const given = { KEY_PREFIX: 'beside', ...entry }
  const CACHES = { default: given as never }
  const setup = onDatabase(db, `${each} on ${name}`, { SESSION_ENGINE: engine(each), CACHES })
  return {
    ...setup,
    theirs: { CACHES: { default: { ...given, ...theirs } } },
    hasRows: each === 'cached_db',
    reason: reason || setup.reason,
    async prepare() {
      await setup.prepare()
      await server?.start()
    },
    async leave() {
      await server?.kill()
      await setup.leave()
    },
  }
}

/** `cache` and `cached_db` on each kind of cache. */
export async function cacheSetups(db: TestDatabase): Promise<SharedSetup[]> {
  const [redis, memcached] = [await OwnServer.redis(), await OwnServer.memcached()]
  return ['cache', 'cached_db'].flatMap((each) => caches(redis, memcached).map((kind) => onCache(db, each, kind)))
}

/** `cache` on the database cache of each database. */
export const databaseCacheSetups = (dbs: readonly TestDatabase[]): SharedSetup[] =>
  dbs.map((db) => ({
    ...onDatabase(db, `cache on the database cache on ${db.name}`, {
      SESSION_ENGINE: engine('cache'),
      CACHES: { default: { BACKEND: backend('db.DatabaseCache'), LOCATION: 'cache_table', ...roomy } },
    }),
    hasRows: false,
  }))
