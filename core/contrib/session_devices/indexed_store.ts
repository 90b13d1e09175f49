/** Stands before a session store and keeps the index of whose sessions there are. */
import {
  canLoadSync,
  savedSession,
  type LoadedSession,
  type SavedSession,
  type SessionDict,
  type SessionRecord,
  type SessionStore,
} from '#core/contrib/sessions'
import type { SessionIndex } from './session_index.ts'

/** Django's key for who is logged in. */
const USER_KEY = '_auth_user_id'

/** How many keys a process remembers to have noted: a forgotten one is noted again, which changes nothing. */
const MOST_REMEMBERED = 10_000

export class IndexedStore implements SessionStore {
  readonly #store: SessionStore
  readonly #index: SessionIndex
  /** Users by key, as the index has them. */
  readonly #noted = new Map<string, string>()

  readonly loadSync?: (key: string) => LoadedSession | undefined
  readonly exists?: (key: string) => Promise<boolean>

  constructor(store: SessionStore, index: SessionIndex) {
    this.#store = store
    this.#index = index
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
      await this.#note(saved.key, user, record)
    } catch (error) {
      // A session that could not be ended from elsewhere must not begin.
      await this.#store.delete(saved.key)
      throw error
    }
    return saved
  }

  async update(key: string, record: SessionRecord, version: string): Promise<SavedSession> {
    // Recorded first, then written: another process that ends all sessions in between finds this one, and the write fails.
    await this.#note(key, userOf(record.data), record)
    return this.#store.update(key, record, version)
  }

  async delete(key: string, version?: string): Promise<boolean> {
    const deleted = await this.#store.delete(key, version)
    const wasNoted = this.#noted.delete(key)
    // An entry that another process recorded is found to have ended when the list is read.
    if (wasNoted) await this.#index.remove(key)
    return deleted
  }

  /** Also forgets sessions that are over. */
  async clearExpired(): Promise<number> {
    const cleared = (await this.#store.clearExpired?.()) ?? 0
    for await (const { key } of this.#index.all()) {
      if ((await this.#store.load(key)) === undefined) await this.#index.remove(key)
    }
    return cleared
  }

  async #note(key: string, user: string | undefined, { metadata }: SessionRecord): Promise<void> {
    if (user === undefined || this.#noted.get(key) === user) return
    await this.#index.add(key, user, (metadata?.().device ?? '').slice(0, 255))
    if (this.#noted.size >= MOST_REMEMBERED) this.#noted.delete(this.#noted.keys().next().value as string)
    this.#noted.set(key, user)
  }
}

/** Who is logged in, by the id that Django keeps in the session. */
export function userOf(data: Readonly<SessionDict>): string | undefined {
  const user = data[USER_KEY]
  return typeof user === 'string' || typeof user === 'number' ? String(user) : undefined
}
