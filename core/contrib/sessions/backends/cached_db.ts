/**
 * Sessions in the database, read through a cache.
 *
 * The database decides; the cache only spares it reads. What is in the cache is there under three rules: it is filled
 * with `add`, changed with `cas` from the very entry that was read, and where neither is possible it is blocked for a
 * while. So a slow reader cannot put back what somebody else has changed or deleted. A cache that is down costs speed.
 */
import { type Cache, RefusedCacheValue, type TokenedValue } from '#core/cache'
import { settings } from '#core/conf'
import { ServiceUnavailable } from '#core/exceptions'
import { clock, getLogger } from '#core/utils'
import { copyPlain, plainText } from '#core/serialization/pickle'
import { SessionConflict, SessionGone } from '../exceptions.ts'
import { canBeKey } from '../keys.ts'
import type { LoadedSession, SavedSession, SessionRecord, SessionStore as Store } from '../store.ts'
import { garbage, isDict, noteCorrupted, secondsLeft, sessionCache } from './cache.ts'
import { SessionStore as DatabaseStore } from './db.ts'

/** Django's prefix of the keys of this engine. */
export const KEY_PREFIX = 'django.contrib.sessions.cached_db'

/** Nothing to read here, and nothing to fill in: Django takes it for a miss, too. */
const BLOCKED = null

/** Seconds for which an entry is blocked: longer than any reader sits between the database and the cache. */
const BLOCKED_FOR = 60

const log = getLogger('django.contrib.sessions')

/** The version of a session that came from the cache: the entry's token, and the content. */
interface CachedVersion {
  readonly token: string
  readonly content: string
}

/** A database's version is a signed text, which never begins with a brace. */
const fromCache = (version: string): CachedVersion | undefined =>
  version.startsWith('{') ? (JSON.parse(version) as CachedVersion) : undefined

export class SessionStore implements Store {
  readonly #cache: Cache
  readonly #database: Store

  constructor({ cache = sessionCache(), database = new DatabaseStore() }: { cache?: Cache; database?: Store } = {}) {
    this.#cache = cache
    this.#database = database
  }

  /** What the cache does, or undefined when it cannot: the database goes on alone. */
  async #try<T>(work: (cache: Cache) => Promise<T>): Promise<T | undefined> {
    try {
      return await work(this.#cache)
    } catch (error) {
      // A cache tells of its outages itself, once each.
      if (!(error instanceof ServiceUnavailable)) {
        log.error(`The cache '${settings.SESSION_CACHE_ALIAS}' failed; sessions are read from the database.`, error)
      }
      return undefined
    }
  }

  /** What the cache has; undefined for nothing. What is refused there is nobody's to fill in: the database decides. */
  #read(key: string): Promise<TokenedValue | undefined> {
    return this.#try(async (cache) => {
      try {
        return await cache.gets(KEY_PREFIX + key)
      } catch (error) {
        if (error instanceof RefusedCacheValue) return { value: BLOCKED, token: '' }
        return garbage(error)
      }
    })
  }

  /** Puts what the database had where nothing was, or in the place of the very garbage that was read. */
  async #fill(key: string, { data, expiresAt = 0 }: LoadedSession, cached: TokenedValue | undefined): Promise<void> {
    if (cached?.value === BLOCKED) return
    const left = (expiresAt - clock.now()) / 1000
    await this.#try<unknown>((cache) =>
      cached === undefined
        ? cache.add(KEY_PREFIX + key, data, left)
        : cache.cas(KEY_PREFIX + key, data, cached.token, left),
    )
  }

  async #block(key: string): Promise<void> {
    await this.#try((cache) => cache.set(KEY_PREFIX + key, BLOCKED, BLOCKED_FOR))
  }

  async load(key: string): Promise<LoadedSession | undefined> {
    if (!canBeKey(key)) return undefined
    const cached = await this.#read(key)
    if (isDict(cached?.value)) {
      const version: CachedVersion = { token: cached.token, content: plainText(cached.value) }
      return { data: cached.value, version: JSON.stringify(version) }
    }
    if (cached !== undefined && cached.value !== BLOCKED) noteCorrupted()
    const loaded = await this.#database.load(key)
    if (loaded !== undefined) await this.#fill(key, loaded, cached)
    return loaded
  }

  async create(record: SessionRecord): Promise<SavedSession> {
    const data = copyPlain(record.data, 'session')
    const saved = await this.#database.create(record)
    await this.#try((cache) => cache.add(KEY_PREFIX + saved.key, data, secondsLeft(record)))
    return saved
  }

  async update(key: string, record: SessionRecord, version: string): Promise<SavedSession> {
    if (!canBeKey(key)) throw new SessionGone()
    const cached = fromCache(version)
    const data = copyPlain(record.data, 'session')
    const saved = await this.#onDatabase(key, cached, (seen) => this.#database.update(key, record, seen ?? version))
    const stored =
      cached && (await this.#try((cache) => cache.cas(KEY_PREFIX + key, data, cached.token, secondsLeft(record))))
    if (stored !== 'stored') await this.#block(key)
    return saved
  }

  async delete(key: string, version?: string): Promise<boolean> {
    if (!canBeKey(key)) return false
    const cached = version === undefined ? undefined : fromCache(version)
    try {
      const deleted = await this.#onDatabase(key, cached, (seen) => this.#database.delete(key, seen ?? version))
      await this.#block(key)
      return deleted
    } catch (error) {
      if (error instanceof SessionGone) return false
      throw error
    }
  }

  /**
   * Does something to the row whose content the cache showed us, in its present version. Where the row has gone on
   * without the cache, the entry is blocked, so that the next try reads the row.
   */
  async #onDatabase<T>(
    key: string,
    cached: CachedVersion | undefined,
    work: (seen?: string) => Promise<T>,
  ): Promise<T> {
    try {
      if (cached === undefined) return await work()
      const row = await this.#database.load(key)
      if (row === undefined) throw new SessionGone()
      if (plainText(row.data) !== cached.content) throw new SessionConflict()
      return await work(row.version)
    } catch (error) {
      if (error instanceof SessionConflict || error instanceof SessionGone) await this.#block(key)
      throw error
    }
  }

  async exists(key: string): Promise<boolean> {
    if (!canBeKey(key)) return false
    const cached = await this.#read(key)
    return (
      isDict(cached?.value) || ((await this.#database.exists?.(key)) ?? (await this.#database.load(key)) !== undefined)
    )
  }

  async clearExpired(): Promise<number> {
    return (await this.#database.clearExpired?.()) ?? 0
  }
}
