/** The contract between a session and the engine that keeps it. */

/** The content of a session: what JSON can hold, by key. */
export type SessionDict = Record<string, unknown>

/** What a store is given to keep. It takes what it needs before it first waits: the data may change later. */
export interface SessionRecord {
  readonly data: Readonly<SessionDict>
  /** When the session ends, in milliseconds since the epoch. */
  readonly expiresAt: number
  /** Describes the request that saves the session. Computed on demand, because most saves do not need it. */
  readonly metadata?: () => SessionMetadata
}

/** Short strings about a request by name: `{ device: 'Firefox on Linux' }`. */
export type SessionMetadata = Readonly<Record<string, string>>

/** What a store gives back. */
export interface LoadedSession {
  readonly data: SessionDict
  /** Stands for the stored state: equal versions mean equal states. The stored text will do. */
  readonly version: string
  /** When it ends, in milliseconds since the epoch, where the store keeps that apart from the data. */
  readonly expiresAt?: number
}

/** The key under which a record was saved; with its version, where the store knows it without another trip. */
export type SavedSession = string | { readonly key: string; readonly version: string }

/**
 * Where sessions live. A store knows no HTTP and no session object; it keeps records under keys of its own making.
 *
 * A key is 8 to 4096 visible ASCII characters. A store may be called with any other string, too: there is no such
 * session, so that `load` gives undefined, and `exists` and `delete` false.
 *
 * A store that cannot be reached rejects with the error of its driver: it never answers as if a session were not there.
 */
export interface SessionStore {
  /** The session of a key. Unknown, expired, forged, malformed: undefined. Content that cannot be read: empty data. */
  load(key: string): Promise<LoadedSession | undefined>

  /**
   * The same without waiting, for a store that can. A session on such a store is read when a view first looks into
   * it, and not at all if no view does.
   */
  loadSync?(key: string): LoadedSession | undefined

  /** Keeps a new session under a new key. It never writes over one that is there. */
  create(record: SessionRecord): Promise<SavedSession>

  /**
   * Writes over the version that was read, and over nothing else, in one step that no other writer can divide.
   * @throws SessionConflict when the stored version is another
   * @throws SessionGone when there is no session of that key, or it has expired: it is not brought back
   */
  update(key: string, record: SessionRecord, version: string): Promise<SavedSession>

  /**
   * Deletes a session; one that is not there is no error.
   * @param version deletes only if the stored version is still this one
   * @returns whether there was something to delete, where the store can tell
   * @throws SessionConflict when a version is given and the stored one is another
   */
  delete(key: string, version?: string): Promise<boolean | void>

  /** Whether something is kept under a key, expired or not. Without it, load() answers. */
  exists?(key: string): Promise<boolean>

  /** Deletes sessions that have expired and says how many. A store whose sessions vanish by themselves has none to delete. */
  clearExpired?(): Promise<number>
}

/** A module that SESSION_ENGINE names exports such a class as `SessionStore`. */
export type SessionStoreClass = new () => SessionStore
