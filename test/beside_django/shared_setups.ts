/** Every place where sessions can be kept for both sides at once, in settings that both sides are given as they are. */
import path from 'node:path'
import type { Settings } from '#core/conf'
import { memcachedServer, OwnServer, redisServer } from '../cache/servers.ts'
import { type TestDatabase, temporaryFolder } from '../services.ts'

export interface SharedPlace {
  readonly name: string
  /** In Django's names. */
  readonly settings: Settings
  /** What only the Django side is given. */
  readonly theirs: object
  /** Why it is not available; empty where it is. */
  readonly reason: string
  /** Whether a table has the sessions, with the date when each ends. */
  readonly hasRows: boolean
  /** Characters of content that a session may have. */
  readonly most: number
  prepare(): Promise<void>
  leave(): Promise<void>
}

/** Far from UTC, not by whole hours, with a daylight saving time: whatever is mistaken for another zone is seen. */
export const TIME_ZONE = 'America/St_Johns'

const engine = (name: string): string => `django.contrib.sessions.backends.${name}`
const backend = (name: string): string => `django.core.cache.backends.${name}`

/** A place on a database; the settings name it as Django does. */
export function onDatabase(db: TestDatabase, name: string, settings: Settings): SharedPlace {
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
export const databasePlaces = (dbs: readonly TestDatabase[]): SharedPlace[] =>
  dbs.flatMap((db) =>
    [true, false].map((USE_TZ) => onDatabase(db, `db on ${db.name}, USE_TZ ${USE_TZ}`, { ...databaseEngine, USE_TZ })),
  )

/** `file` and `signed_cookies`. */
export function placesWithoutTable(db: TestDatabase): SharedPlace[] {
  const file = { SESSION_ENGINE: engine('file'), SESSION_FILE_PATH: temporaryFolder('beside-django') }
  return [
    { ...onDatabase(db, 'file', file), hasRows: false },
    // What does not fit into a cookie is refused by us; Django sends it, for browsers to drop.
    { ...onDatabase(db, 'signed_cookies', { SESSION_ENGINE: engine('signed_cookies') }), hasRows: false, most: 1500 },
  ]
}

/** A kind of cache: what both sides are told of it, and what Django is told otherwise. */
interface SharedCache {
  readonly name: string
  readonly entry: Readonly<Record<string, unknown>>
  readonly theirs?: Readonly<Record<string, unknown>>
  readonly server?: OwnServer
  readonly reason?: string
}

const roomy = { OPTIONS: { MAX_ENTRIES: 1_000_000 } }

/** Each kind, with a folder of its own. The servers are this suite's: other suites clear the machine's. */
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
): SharedPlace {
  const given = { KEY_PREFIX: 'beside', ...entry }
  const CACHES = { default: given as never }
  const place = onDatabase(db, `${each} on ${name}`, { SESSION_ENGINE: engine(each), CACHES })
  return {
    ...place,
    theirs: { CACHES: { default: { ...given, ...theirs } } },
    hasRows: each === 'cached_db',
    reason: reason || place.reason,
    async prepare() {
      await place.prepare()
      await server?.start()
    },
    async leave() {
      await server?.kill()
      await place.leave()
    },
  }
}

/** `cache` and `cached_db` on each kind of cache. */
export async function cachePlaces(db: TestDatabase): Promise<SharedPlace[]> {
  const [redis, memcached] = [await OwnServer.redis(), await OwnServer.memcached()]
  return ['cache', 'cached_db'].flatMap((each) => caches(redis, memcached).map((kind) => onCache(db, each, kind)))
}

/** `cache` on the database cache of each database. */
export const databaseCachePlaces = (dbs: readonly TestDatabase[]): SharedPlace[] =>
  dbs.map((db) => ({
    ...onDatabase(db, `cache on the database cache on ${db.name}`, {
      SESSION_ENGINE: engine('cache'),
      CACHES: { default: { BACKEND: backend('db.DatabaseCache'), LOCATION: 'cache_table', ...roomy } },
    }),
    hasRows: false,
  }))
