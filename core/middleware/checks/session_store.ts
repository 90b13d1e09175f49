/** Checks of what keeps the sessions: stores that one process has for itself, or that keep nothing. */
import { apps } from '#core/apps'
import { type CheckMessage, Error, Warning } from '#core/checks'
import { settings } from '#core/conf'
import { canonicalName } from '#core/utils'
import { isUsed, SESSIONS } from './order.ts'

const ENGINES = 'core.contrib.sessions.backends'
const LOCAL = 'core.cache.backends.locmem.LocMemCache'
const DUMMY = 'core.cache.backends.dummy.DummyCache'
const APP = 'core.contrib.sessions'

const engine = (): string => canonicalName(settings.SESSION_ENGINE)
const isEngine = (...names: string[]): boolean =>
  isUsed(SESSIONS) && names.some((name) => engine() === `${ENGINES}.${name}`)

/** The BACKEND of the cache that sessions are in; undefined where there is none of that name. */
function sessionCache(): string | undefined {
  const { CACHES: caches, SESSION_CACHE_ALIAS: alias } = settings
  const entry = Object.hasOwn(caches, alias) ? caches[alias] : undefined
  return entry && canonicalName(entry.BACKEND)
}

const cachePlace = (): string => `CACHES['${settings.SESSION_CACHE_ALIAS}'].BACKEND`
const SHARED =
  "BACKEND: 'core.cache.backends.redis.RedisCache', or SESSION_ENGINE: 'core.contrib.sessions.backends.db'."

/** sessions.E020 and W021: caches that keep no session; a table that no migration makes. */
export function checkSessionStore(): CheckMessage[] {
  if (isEngine('cache', 'cached_db') && sessionCache() === undefined) {
    const message = `SESSION_CACHE_ALIAS is '${settings.SESSION_CACHE_ALIAS}', but CACHES has no such cache.`
    const hint = `One of these: ${Object.keys(settings.CACHES).join(', ')}.`
    return [new Error(message, { id: 'sessions.E020', obj: 'SESSION_CACHE_ALIAS', hint })]
  }
  if (isEngine('cache') && sessionCache() === DUMMY) {
    const message = 'Sessions are in a cache that keeps nothing: nobody stays logged in.'
    return [new Error(message, { id: 'sessions.E020', obj: cachePlace(), hint: SHARED })]
  }
  if (isEngine('db', 'cached_db') && !apps.isInstalled(APP)) {
    const message = `Sessions are in the database, but '${APP}' is not in INSTALLED_APPS: migrate does not make its table.`
    return [
      new Warning(message, { id: 'sessions.W021', obj: 'INSTALLED_APPS', hint: `Put '${APP}' into INSTALLED_APPS.` }),
    ]
  }
  return []
}

/** sessions.W022 and W023, of deployment: each process would have sessions of its own. */
export function checkSessionsAreShared(): CheckMessage[] {
  if (isEngine('cache', 'cached_db') && sessionCache() === LOCAL) {
    const consequence = isEngine('cache')
      ? 'With several workers, or after a restart, visitors lose their sessions.'
      : 'With several workers, one still sees what another has changed or ended.'
    const message = `Sessions are in a cache that each process has for itself. ${consequence}`
    return [new Warning(message, { id: 'sessions.W022', obj: cachePlace(), hint: SHARED })]
  }
  const database = settings.DATABASES.default
  const isInMemory = /^(?:file:)?:memory:|[?&]mode=memory/.test(database?.NAME ?? '')
  if (!isEngine('db', 'cached_db') || !isInMemory) return []
  const message =
    'Sessions are in a database in the memory of one process: a restart, or another worker, knows none of them.'
  const hint = "NAME: 'db.sqlite3', or a database server."
  return [new Warning(message, { id: 'sessions.W023', obj: "DATABASES['default'].NAME", hint })]
}
