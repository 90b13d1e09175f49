/** The contract between a session and the store that keeps it, and session keys. */
import { LOWERCASE_AND_DIGITS, randomString } from '#core/utils'

/** The content of a session: JSON values by key. */
export type SessionDict = Record<string, unknown>

/** Short strings about a request by name: `{ device: 'Firefox on Linux' }`. */
export type SessionMetadata = Readonly<Record<string, string>>

/** What a store saves. It reads the data before its first `await`, because the data may change afterwards. */
export interface SessionRecord {
  readonly data: Readonly<SessionDict>
  /** When the session expires, in milliseconds since the epoch. */
  readonly expiresAt: number
  /** Describes the request that saves the session. Computed on demand, because most saves do not need it. */
  readonly metadata?: () => SessionMetadata
}

export interface LoadedSession {
  readonly data: SessionDict
  /** Identifies the stored state: equal versions mean equal states. The stored string itself will do. */
  readonly version: string
  /** When the session expires, in milliseconds since the epoch, where the store keeps that apart from the data. */
  readonly expiresAt?: number
}

export interface SavedSession {
  readonly key: string
  /** The version of what was saved. Without it, a second save in the same request needs one more load. */
  readonly version?: string
}

/**
 * Stores session records under keys of its own. It knows neither HTTP nor session objects.
 *
 * A key is 8 to 4096 visible ASCII characters. For any other string there is no session: `load` returns undefined,
 * `exists` and `delete` return false.
 *
 * A store that cannot be reached rejects with the error of its driver. It never behaves as if a session did not exist.
 */
export interface SessionStore {
  /** True if the cookie holds the content, so that every save needs another cookie. */
  readonly isInCookie?: boolean

  /** @returns undefined for an unknown, expired, forged or malformed key; empty data for content that cannot be read */
  load(key: string): Promise<LoadedSession | undefined>

  /** Inserts a record under a new key. It never overwrites a record. */
  create(record: SessionRecord): Promise<SavedSession>

  /**
   * Overwrites the version that was read, and no other, atomically.
   * @throws SessionConflict when the stored version is another one
   * @throws SessionGone when there is no such session, or it has expired; it is not created again
   */
  update(key: string, record: SessionRecord, version: string): Promise<SavedSession>

  /**
   * Deletes a session. A session that does not exist is not an error.
   * @param version deletes only if the stored version is still this one
   * @returns whether a record was deleted; true where the store cannot know
   * @throws SessionConflict when a version is given and the stored one is another
   */
  delete(key: string, version?: string): Promise<boolean>

  /** Whether there is a record, expired or not, as Django's `exists()`. Without this method, `load` answers. */
  exists?(key: string): Promise<boolean>

  /** Deletes expired sessions. Without this method, the command `clearsessions` fails. @returns their number */
  clearExpired?(): Promise<number>
}

/**
 * A store that can load synchronously. Its sessions are read on the first access by a view, so that a request that
 * does not use its session never reads it.
 */
export interface SyncSessionStore extends SessionStore {
  loadSync(key: string): LoadedSession | undefined
}

/** Whether a store can load synchronously. This may depend on its settings, so the method is looked up at run time. */
export const canLoadSync = (store: SessionStore): store is SyncSessionStore =>
  typeof (store as Partial<SyncSessionStore>).loadSync === 'function'

// A store that is not checked by the compiler may return less from a call. These two read it in the shape of the contract.

/** What `create` or `update` returned: a key alone is a session without a known version. */
export const savedSession = (saved: SavedSession | string): SavedSession =>
  typeof saved === 'string' ? { key: saved } : saved

/** What `delete` returned: nothing means that the store cannot know. */
export const wasDeleted = (result: boolean | undefined): boolean => result !== false

/** A module that SESSION_ENGINE names exports a class of this type as `SessionStore`. */
export type SessionStoreClass = new () => SessionStore

/** A new key: 32 characters of a-z and 0-9, 165 random bits. */
export const newSessionKey = (): string => randomString(32, LOWERCASE_AND_DIGITS)

/** The last string that passed the check: each layer checks the key of the same request again. */
let lastKey: string | undefined

/**
 * Whether a string could be a key of any engine: 8 to 4096 visible ASCII characters. Django refuses shorter keys, and
 * no browser keeps a longer cookie. For any other string there is no session, and no engine is called.
 * @throws TypeError for a value that is not a string
 */
export function isSessionKey(key: unknown): key is string {
  if (typeof key !== 'string') {
    throw new TypeError(`A session key is a string, found ${key === null ? 'null' : `a value of type ${typeof key}`}.`)
  }
  if (key === lastKey) return true
  if (key.length > 4096 || !/^[!-~]{8,}$/.test(key)) return false
  lastKey = key
  return true
}

/** Whether a string could be a key in a table or a cache: nothing longer than the column, nothing that needs quoting. */
export const canBeKey = (key: string): boolean => typeof key === 'string' && key.length <= 40 && isSessionKey(key)
