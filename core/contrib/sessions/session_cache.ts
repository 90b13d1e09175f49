/** Session content in a cache: what the engines `cache` and `cached_db` share. */
import {
  type Cache,
  caches,
  InvalidCacheBackendError,
  InvalidCacheValue,
  RefusedCacheValue,
  type TokenedValue,
} from '#core/cache'
import { settings } from '#core/conf'
import { ImproperlyConfigured, ServiceUnavailable } from '#core/exceptions'
import { clock, getLogger } from '#core/utils'
import type { SessionDict, SessionRecord } from './store.ts'

const log = getLogger('django.contrib.sessions')
const suspicious = getLogger('django.security.SuspiciousSession')

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

/** The remaining lifetime of a record, in seconds. */
export const secondsLeft = ({ expiresAt }: SessionRecord): number => (expiresAt - clock.now()) / 1000

export const isDict = (value: unknown): value is SessionDict =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array) &&
  !(value instanceof Set)

/** Logs that the entry of a session is not a dict. */
export const logCorrupted = (): void => suspicious.warning('Session data corrupted')

/**
 * The entry of a read that failed on garbage: no value, and the token by which it can be replaced.
 * @throws the error itself, where it has another reason or the entry must not be replaced
 */
export function garbage(error: unknown): TokenedValue {
  if (!(error instanceof InvalidCacheValue) || error instanceof RefusedCacheValue) throw error
  if (error.token === undefined) throw error
  return { value: undefined, token: error.token }
}

/** The value of a blocked entry. Django takes it for a miss. */
const BLOCKED = null

/** Seconds for which an entry is blocked: longer than any reader takes from the database to the cache. */
const BLOCK_SECONDS = 60

/** What a read of the cache found. */
export type CacheRead =
  | { readonly kind: 'hit'; readonly data: SessionDict; readonly token: string }
  /** The entry is garbage, which may be replaced by its token. */
  | { readonly kind: 'garbage'; readonly token: string }
  | { readonly kind: 'miss' }
  /** Another process is changing the session, or the content must not be read: the entry must not be filled. */
  | { readonly kind: 'blocked' }

/**
 * A cache in front of a database, which only saves reads. An entry is filled with `add`, changed with `cas` from the very
 * entry that was read, and blocked for a while where neither is possible. So a slow reader cannot restore what another
 * process changed or deleted. A cache that is down is as good as an empty one.
 */
export class ReadThroughCache {
  readonly #cache: Cache
  readonly #prefix: string

  constructor(cache: Cache, prefix: string) {
    this.#cache = cache
    this.#prefix = prefix
  }

  /** @returns undefined where the cache fails */
  async #try<T>(work: (cache: Cache) => Promise<T>): Promise<T | undefined> {
    try {
      return await work(this.#cache)
    } catch (error) {
      // A cache logs its outages itself.
      if (!(error instanceof ServiceUnavailable)) {
        log.error(`The cache '${settings.SESSION_CACHE_ALIAS}' failed; sessions are read from the database.`, error)
      }
      return undefined
    }
  }

  async read(key: string): Promise<CacheRead> {
    const found = await this.#try(async (cache) => {
      try {
        return await cache.gets(this.#prefix + key)
      } catch (error) {
        return error instanceof RefusedCacheValue ? { value: BLOCKED, token: '' } : garbage(error)
      }
    })
    if (found === undefined) return { kind: 'miss' }
    if (isDict(found.value)) return { kind: 'hit', data: found.value, token: found.token }
    if (found.value === BLOCKED) return { kind: 'blocked' }
    logCorrupted()
    return { kind: 'garbage', token: found.token }
  }

  /** Stores what the database returned, where nothing was, or in place of the garbage that was read. */
  async fill(key: string, data: SessionDict, seconds: number, read: CacheRead): Promise<void> {
    if (read.kind === 'miss') await this.add(key, data, seconds)
    else if (read.kind === 'garbage') await this.replace(key, data, seconds, read.token)
  }

  async add(key: string, data: SessionDict, seconds: number): Promise<void> {
    await this.#try((cache) => cache.add(this.#prefix + key, data, seconds))
  }

  /** Replaces the entry that has a token. @returns whether it did */
  async replace(key: string, data: SessionDict, seconds: number, token: string): Promise<boolean> {
    return (await this.#try((cache) => cache.cas(this.#prefix + key, data, token, seconds))) === 'stored'
  }

  async block(key: string): Promise<void> {
    await this.#try((cache) => cache.set(this.#prefix + key, BLOCKED, BLOCK_SECONDS))
  }
}
