/** A decorator of a session store that maintains the index of sessions by user. */
import {
  canLoadSync,
  savedSession,
  type LoadedSession,
  type SavedSession,
  type SessionDict,
  type SessionRecord,
  type SessionStore,
  USER_ID_KEY,
} from '#core/contrib/sessions'
import type { SessionIndex } from './session_index.ts'

/** Maximum number of cached index entries. An evicted entry is written again, which has no effect. */
const MAX_CACHED = 10_000

export class IndexedStore implements SessionStore {
  readonly #store: SessionStore
  readonly #index: SessionIndex
  /** Users by session key, for entries that this process has written to the index. */
  readonly #indexed = new Map<string, string>()

  readonly isInCookie?: boolean
  readonly loadSync?: (key: string) => LoadedSession | undefined
  readonly exists?: (key: string) => Promise<boolean>

  constructor(store: SessionStore, index: SessionIndex) {
    this.#store = store
    this.#index = index
    if (store.isInCookie !== undefined) this.isInCookie = store.isInCookie
    if (canLoadSync(store)) this.loadSync = store.loadSync.bind(store)
    if (store.exists) this.exists = store.exists.bind(store)
  }

  load(key: string): Promise<LoadedSession | undefined> {
    return this.#store.load(key)
  }

  async create(record: SessionRecord): Promise<SavedSession> {
    const user = userOf(record.data)
    const saved = savedSession(await this.#store.create(record))
    try {
      await this.#addToIndex(saved.key, user, record)
    } catch (error) {
      // A session that is not in the index could not be ended from another device, so it is deleted.
      await this.#store.delete(saved.key)
      throw error
    }
    return saved
  }

  async update(key: string, record: SessionRecord, version: string): Promise<SavedSession> {
    // The index is written first: a process that ends all sessions in between finds this one, and the update fails.
    const user = userOf(record.data)
    await this.#addToIndex(key, user, record)
    const saved = await this.#store.update(key, record, version)
    // A session that has moved to another key has no user any more.
    if (user === undefined && this.#indexed.delete(key)) await this.#index.remove(key)
    return saved
  }

  async delete(key: string, version?: string): Promise<boolean> {
    const deleted = await this.#store.delete(key, version)
    const wasIndexed = this.#indexed.delete(key)
    // An entry that another process has written is removed when the list is read.
    if (wasIndexed) await this.#index.remove(key)
    return deleted
  }

  /** Also removes ended sessions from the index. */
  async clearExpired(): Promise<number> {
    const cleared = (await this.#store.clearExpired?.()) ?? 0
    for await (const { key } of this.#index.all()) {
      if ((await this.#store.load(key)) === undefined) await this.#index.remove(key)
    }
    return cleared
  }

  async #addToIndex(key: string, user: string | undefined, { metadata }: SessionRecord): Promise<void> {
    if (user === undefined || this.#indexed.get(key) === user) return
    await this.#index.add(key, user, (metadata?.().device ?? '').slice(0, 255))
    if (this.#indexed.size >= MAX_CACHED) this.#indexed.delete(this.#indexed.keys().next().value as string)
    this.#indexed.set(key, user)
  }
}

/** The id of the logged-in user in the session data; undefined if there is none. */
export function userOf(data: Readonly<SessionDict>): string | undefined {
  const user = data[USER_ID_KEY]
  return typeof user === 'string' || typeof user === 'number' ? String(user) : undefined
}
