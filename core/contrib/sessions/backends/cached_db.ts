/** Sessions in the database, read through a cache. The database decides; see `ReadThroughCache` for how the two agree. */
import type { Cache } from '#core/cache'
import { copyPlain, plainText } from '#core/serialization/pickle'
import { clock } from '#core/utils'
import { SessionConflict, SessionGone } from '../exceptions.ts'
import {
  canBeKey,
  type LoadedSession,
  type SavedSession,
  type SessionDict,
  type SessionRecord,
  type SessionStore as Store,
} from '../store.ts'
import { ReadThroughCache, secondsLeft, sessionCache } from '../session_cache.ts'
import { SessionStore as DatabaseStore } from './db.ts'

/** Django's prefix of the keys of this engine. */
export const KEY_PREFIX = 'django.contrib.sessions.cached_db'

/** The version of a session that was read from the cache: the entry's token, and the content. */
interface CachedVersion {
  readonly token: string
  readonly content: string
}

/** Undefined for a version of the database, which is a signed string and never starts with a brace. */
const cachedVersion = (version: string | undefined): CachedVersion | undefined =>
  version?.startsWith('{') ? (JSON.parse(version) as CachedVersion) : undefined

function cachedSession({ data, token }: { readonly data: SessionDict; readonly token: string }): LoadedSession {
  const version: CachedVersion = { token, content: plainText(data) }
  return { data, version: JSON.stringify(version) }
}

export class SessionStore implements Store {
  readonly #cache: ReadThroughCache
  readonly #database: Store

  constructor({ cache = sessionCache(), database = new DatabaseStore() }: { cache?: Cache; database?: Store } = {}) {
    this.#cache = new ReadThroughCache(cache, KEY_PREFIX)
    this.#database = database
  }

  async load(key: string): Promise<LoadedSession | undefined> {
    if (!canBeKey(key)) return undefined
    const read = await this.#cache.read(key)
    if (read.kind === 'hit' && !read.isSuspect) return cachedSession(read)
    const loaded = await this.#database.load(key)
    if (read.kind === 'hit') {
      if (loaded === undefined) await this.#cache.block(key)
      else if (plainText(loaded.data) === plainText(read.data)) {
        this.#cache.markVerified(key, read.token)
        return cachedSession(read)
      }
    }
    if (loaded !== undefined) {
      await this.#cache.fill(key, loaded.data, ((loaded.expiresAt ?? 0) - clock.now()) / 1000, read)
    }
    return loaded
  }

  async create(record: SessionRecord): Promise<SavedSession> {
    const data = copyPlain(record.data, 'session')
    const saved = await this.#database.create(record)
    await this.#cache.add(saved.key, data, secondsLeft(record))
    return saved
  }

  async update(key: string, record: SessionRecord, version: string): Promise<SavedSession> {
    if (!canBeKey(key)) throw new SessionGone()
    const cached = cachedVersion(version)
    const data = copyPlain(record.data, 'session')
    const saved = await this.#onRow(key, cached, (current) => this.#database.update(key, record, current ?? version))
    const isReplaced = cached !== undefined && (await this.#cache.replace(key, data, secondsLeft(record), cached.token))
    if (!isReplaced) await this.#cache.block(key)
    return saved
  }

  async delete(key: string, version?: string): Promise<boolean> {
    if (!canBeKey(key)) return false
    try {
      const isDeleted = await this.#onRow(key, cachedVersion(version), (current) =>
        this.#database.delete(key, current ?? version),
      )
      await this.#cache.block(key)
      return isDeleted
    } catch (error) {
      if (error instanceof SessionGone) return false
      throw error
    }
  }

  /**
   * Changes the row in its current version, if its content is what the cache returned. Otherwise the entry is out of date,
   * and is blocked, so that the next attempt reads the row.
   */
  async #onRow<T>(
    key: string,
    cached: CachedVersion | undefined,
    change: (version?: string) => Promise<T>,
  ): Promise<T> {
    try {
      if (cached === undefined) return await change()
      const row = await this.#database.load(key)
      if (row === undefined) throw new SessionGone()
      if (plainText(row.data) !== cached.content) throw new SessionConflict()
      return await change(row.version)
    } catch (error) {
      if (error instanceof SessionConflict || error instanceof SessionGone) await this.#cache.block(key)
      throw error
    }
  }

  async exists(key: string): Promise<boolean> {
    if (!canBeKey(key)) return false
    const read = await this.#cache.read(key)
    if (read.kind === 'hit' && !read.isSuspect) return true
    return (await this.#database.exists?.(key)) ?? (await this.#database.load(key)) !== undefined
  }

  async clearExpired(): Promise<number> {
    return (await this.#database.clearExpired?.()) ?? 0
  }
}
