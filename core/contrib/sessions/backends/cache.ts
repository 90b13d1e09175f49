/** Sessions in a cache: fast, and gone when the cache drops them. */
import {
  type Cache,
  caches,
  InvalidCacheBackendError,
  InvalidCacheValue,
  RefusedCacheValue,
  type TokenedValue,
} from '#core/cache'
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { clock, getLogger } from '#core/utils'
import { SessionConflict, SessionGone, SessionUnreadable } from '../exceptions.ts'
import { canBeKey, newSessionKey } from '../keys.ts'
import type { LoadedSession, SavedSession, SessionDict, SessionRecord, SessionStore as Store } from '../store.ts'

/** Django's prefix of the keys of this engine. */
export const KEY_PREFIX = 'django.contrib.sessions.cache'

/** Seconds that are left of a record's life. */
export const secondsLeft = ({ expiresAt }: SessionRecord): number => (expiresAt - clock.now()) / 1000

const log = getLogger('django.security.SuspiciousSession')

export const isDict = (value: unknown): value is SessionDict =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array) &&
  !(value instanceof Set)

/**
 * What an error of reading an entry says is there: garbage, whose value is undefined, with the token by which
 * it can be replaced.
 */
export function garbage(error: unknown): TokenedValue {
  if (!(error instanceof InvalidCacheValue) || error instanceof RefusedCacheValue) throw error
  if (error.token === undefined) throw error
  return { value: undefined, token: error.token }
}

/** Told of a session whose stored content is none. */
export const noteCorrupted = (): void => log.warning('Session data corrupted')

/** The cache that SESSION_CACHE_ALIAS names. */
export function sessionCache(): Cache {
  const alias = settings.SESSION_CACHE_ALIAS
  try {
    return caches[alias] as Cache
  } catch (error) {
    if (!(error instanceof InvalidCacheBackendError)) throw error
    throw new ImproperlyConfigured(`SESSION_CACHE_ALIAS is '${alias}': ${error.message}`, { cause: error })
  }
}

function sessionIn(found: TokenedValue | undefined): LoadedSession | undefined {
  if (found === undefined) return undefined
  const { value, token } = found
  if (isDict(value)) return { data: value, version: token }
  // What another program left under our key is not a session; it is no reason to fail either.
  noteCorrupted()
  return { data: {}, version: token }
}

/** The session whose reading ended in an error: an empty one in place of garbage. */
function sessionOf(error: unknown): LoadedSession | undefined {
  if (error instanceof RefusedCacheValue) throw new SessionUnreadable(error.message, { cause: error })
  return sessionIn(garbage(error))
}

export class SessionStore implements Store {
  readonly #cache: Cache
  readonly #prefix: string
  readonly #newKey: () => string
  /** There where the cache is in this process. */
  readonly loadSync?: (key: string) => LoadedSession | undefined

  constructor({ cache = sessionCache(), prefix = KEY_PREFIX, newKey = newSessionKey } = {}) {
    this.#cache = cache
    this.#prefix = prefix
    this.#newKey = newKey
    const { getsSync } = cache
    // An engine that has its own way to load must not be passed by.
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

  /** A cache lets go of expired entries by itself. */
  async clearExpired(): Promise<number> {
    return 0
  }
}
