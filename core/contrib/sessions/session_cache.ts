/** Session content in a cache: what the engines `cache` and `cached_db` share. */
import {
  type Cache,
  caches,
  InvalidCacheBackendError,
  InvalidCacheValue,
  RefusedCacheValue,
  type TokenedValue,
} from '#core/cache'
import { BoundedCache } from '#core/concurrency'
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

/**
 * Longest lifetime of an entry in seconds, and so the time after an outage of the cache in which an entry may be from
 * before it.
 */
const MAX_ENTRY_SECONDS = 3600

/** Milliseconds between attempts to block entries that could not be blocked because the cache was down. */
const RETRY_MS = 250

/** Maximum number of entries that wait to be blocked. */
const MAX_PENDING = 10_000

/** What a read of the cache found. */
export type CacheRead =
  | {
      readonly kind: 'hit'
      readonly data: SessionDict
      readonly token: string
      /** Whether the entry may be from before an outage, so that it must be compared with the row. */
      readonly isSuspect: boolean
    }
  /** The entry is garbage, which may be replaced by its token. */
  | { readonly kind: 'garbage'; readonly token: string }
  | { readonly kind: 'miss' }
  /** Another process is changing the session, or the content must not be read: the entry must not be filled. */
  | { readonly kind: 'blocked' }

/**
 * A cache in front of a database, which only saves reads. An entry is filled with `add`, changed with `cas` from the very
 * entry that was read, and blocked for a while where neither is possible. So a slow reader cannot restore what another
 * process changed or deleted. A cache that is down is as good as an empty one.
 *
 * While it is down, rows change behind its entries. So after an outage, each entry counts only once it was compared with
 * its row, and the entries of changed rows are blocked as soon as the cache is back, for processes that noticed nothing.
 */
export class ReadThroughCache {
  readonly #cache: Cache
  readonly #prefix: string
  #isFailing = false
  /** Until when entries may be from before an outage, in milliseconds since the epoch. */
  #suspectUntil = 0
  /** Tokens by session key: entries that were compared with their row since the last outage. */
  #verified = new BoundedCache<string>()
  /** Session keys whose entries could not be blocked. */
  readonly #pending = new Set<string>()

  constructor(cache: Cache, prefix: string) {
    this.#cache = cache
    this.#prefix = prefix
  }

  /** @returns undefined where the cache fails */
  async #try<T>(work: (cache: Cache) => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work(this.#cache)
      this.#isFailing = false
      return result
    } catch (error) {
      // A cache logs its outages itself.
      if (!(error instanceof ServiceUnavailable) && !this.#isFailing) {
        log.error(`The cache '${settings.SESSION_CACHE_ALIAS}' failed; sessions are read from the database.`, error)
      }
      this.#isFailing = true
      this.#suspectUntil = clock.now() + MAX_ENTRY_SECONDS * 1000
      this.#verified = new BoundedCache()
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
    if (isDict(found.value)) {
      const isSuspect = clock.now() < this.#suspectUntil && this.#verified.get(key) !== found.token
      return { kind: 'hit', data: found.value, token: found.token, isSuspect }
    }
    if (found.value === BLOCKED) return { kind: 'blocked' }
    logCorrupted()
    return { kind: 'garbage', token: found.token }
  }

  /** The entry with this token has the content of the row. */
  markVerified(key: string, token: string): void {
    this.#verified.add(key, token)
  }

  /** Stores what the database returned, where nothing was, or in place of the garbage or the outdated entry that was read. */
  async fill(key: string, data: SessionDict, seconds: number, read: CacheRead): Promise<void> {
    if (read.kind === 'miss') await this.add(key, data, seconds)
    else if (read.kind !== 'blocked') await this.replace(key, data, seconds, read.token)
  }

  async add(key: string, data: SessionDict, seconds: number): Promise<void> {
    await this.#try((cache) => cache.add(this.#prefix + key, data, Math.min(seconds, MAX_ENTRY_SECONDS)))
  }

  /** Replaces the entry that has a token. @returns whether it did */
  async replace(key: string, data: SessionDict, seconds: number, token: string): Promise<boolean> {
    const lifetime = Math.min(seconds, MAX_ENTRY_SECONDS)
    return (await this.#try((cache) => cache.cas(this.#prefix + key, data, token, lifetime))) === 'stored'
  }

  async block(key: string): Promise<void> {
    if (await this.#block(key)) return
    if (this.#pending.size === 0) this.#retry()
    if (this.#pending.size < MAX_PENDING) this.#pending.add(key)
  }

  async #block(key: string): Promise<boolean> {
    return (await this.#try((cache) => cache.set(this.#prefix + key, BLOCKED, BLOCK_SECONDS).then(() => true))) === true
  }

  /** Blocks what is pending as soon as the cache is back. */
  #retry(): void {
    setTimeout(() => void this.#blockPending(), RETRY_MS).unref()
  }

  async #blockPending(): Promise<void> {
    for (const key of this.#pending) {
      if (!(await this.#block(key))) return this.#retry()
      this.#pending.delete(key)
    }
  }
}
