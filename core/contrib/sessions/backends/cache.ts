/** Sessions in a cache: fast, and gone when the cache drops them. */
import { type Cache, RefusedCacheValue, type TokenedValue } from '#core/cache'
import { SessionConflict, SessionGone, SessionUnreadable } from '../exceptions.ts'
import {
  canBeKey,
  type LoadedSession,
  newSessionKey,
  type SavedSession,
  type SessionRecord,
  type SessionStore as Store,
} from '../store.ts'
import { garbage, isDict, logCorrupted, secondsLeft, sessionCache } from '../session_cache.ts'

/** Django's prefix of the keys of this engine. */
export const KEY_PREFIX = 'django.contrib.sessions.cache'

function sessionIn(found: TokenedValue | undefined): LoadedSession | undefined {
  if (found === undefined) return undefined
  const { value, token } = found
  if (isDict(value)) return { data: value, version: token }
  // Another program stored something else under this key. The session is empty, and the request does not fail.
  logCorrupted()
  return { data: {}, version: token }
}

/** The session of a read that failed: an empty one in place of garbage. */
function sessionOf(error: unknown): LoadedSession | undefined {
  if (error instanceof RefusedCacheValue) throw new SessionUnreadable(error.message, { cause: error })
  return sessionIn(garbage(error))
}

export class SessionStore implements Store {
  readonly #cache: Cache
  readonly #prefix: string
  readonly #newKey: () => string
  /** Present where the cache is in this process. */
  readonly loadSync?: (key: string) => LoadedSession | undefined

  constructor({ cache = sessionCache(), prefix = KEY_PREFIX, newKey = newSessionKey } = {}) {
    this.#cache = cache
    this.#prefix = prefix
    this.#newKey = newKey
    const { getsSync } = cache
    // A subclass that overrides load() must not be bypassed.
    if (getsSync === undefined || this.load !== SessionStore.prototype.load) return
    this.loadSync = (key) => {
      if (!canBeKey(key)) return undefined
      try {
        return sessionIn(getsSync(prefix + key))
      } catch (error) {
        return sessionOf(error)
      }
    }
  }

  async load(key: string): Promise<LoadedSession | undefined> {
    if (!canBeKey(key)) return undefined
    try {
      return sessionIn(await this.#cache.gets(this.#prefix + key))
    } catch (error) {
      return sessionOf(error)
    }
  }

  async create(record: SessionRecord): Promise<SavedSession> {
    for (;;) {
      const key = this.#newKey()
      if (await this.#cache.add(this.#prefix + key, record.data, secondsLeft(record))) return { key }
    }
  }

  async update(key: string, record: SessionRecord, version: string): Promise<SavedSession> {
    if (!canBeKey(key)) throw new SessionGone()
    const result = await this.#cache.cas(this.#prefix + key, record.data, version, secondsLeft(record))
    if (result === 'missing') throw new SessionGone()
    if (result === 'changed') throw new SessionConflict()
    return { key }
  }

  async delete(key: string, version?: string): Promise<boolean> {
    if (!canBeKey(key)) return false
    if (version === undefined) return this.#cache.delete(this.#prefix + key)
    const result = await this.#cache.cas(this.#prefix + key, null, version, 0)
    if (result === 'changed') throw new SessionConflict()
    return result === 'stored'
  }

  async exists(key: string): Promise<boolean> {
    return canBeKey(key) && this.#cache.hasKey(this.#prefix + key)
  }

  /** A cache drops expired entries itself. */
  async clearExpired(): Promise<number> {
    return 0
  }
}
