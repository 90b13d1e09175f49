/** Checks of the session store: one that is local to a process, stores nothing, or is not atomic. */
import { apps } from '#core/apps'
import { type KeyvAdapter, keyvAdapterOf } from '#core/cache'
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

/** The entry of CACHES that SESSION_CACHE_ALIAS names; undefined if there is none. */
function sessionCacheEntry() {
  const { CACHES: caches, SESSION_CACHE_ALIAS: alias } = settings
  return Object.hasOwn(caches, alias) ? caches[alias] : undefined
}

/** The BACKEND of that entry. */
function sessionCache(): string | undefined {
  const entry = sessionCacheEntry()
  return entry && canonicalName(entry.BACKEND)
}

/** The adapter of that entry, if it is a cache through Keyv. */
function sessionAdapter(): KeyvAdapter | undefined {
  const entry = sessionCacheEntry()
  return entry && keyvAdapterOf(entry)
}

const cachePlace = (): string => `CACHES['${settings.SESSION_CACHE_ALIAS}'].BACKEND`
const SHARED =
  "BACKEND: 'core.cache.backends.redis.RedisCache', or SESSION_ENGINE: 'core.contrib.sessions.backends.db'."

/** sessions.E020 and W021: a cache that does not keep sessions; a table that no migration creates. */
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

/** sessions.W024: a cache without compare-and-set, so that the guarantees of sessions hold within one process only. */
export function checkSessionsAreAtomic(): CheckMessage[] {
  const adapter = sessionAdapter()
  if (!isEngine('cache', 'cached_db') || adapter === undefined || adapter.isLocal) return []
  const consequence = isEngine('cache')
    ? 'With several processes, of two that save the same session one may lose what the other has saved, session.atomic()' +
      ' is not exact, and a slower request may bring back a session that was ended.'
    : 'With several processes, one may go on reading, until it expires, a session that another has changed or ended.'
  const message = `Sessions are in a cache through Keyv (${adapter.name}), which has no compare-and-set. ${consequence}`
  return [new Warning(message, { id: 'sessions.W024', obj: cachePlace(), hint: SHARED })]
}

/** sessions.W022 and W023, with --deploy: each process would have its own sessions. */
export function checkSessionsAreShared(): CheckMessage[] {
  const isLocal = sessionCache() === LOCAL || sessionAdapter()?.isLocal === true
  if (isEngine('cache', 'cached_db') && isLocal) {
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
