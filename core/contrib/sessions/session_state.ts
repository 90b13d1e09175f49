/** The state of one session during a request: its key, its content, the version that was read, and how it is saved. */
import { KeyedMutex, promiseTry } from '#core/concurrency'
import { ServiceUnavailable } from '#core/exceptions'
import { clock } from '#core/utils'
import { type ChangeSet, ChangeTracker, replay } from './change_tracker.ts'
import { SessionConflict, SessionGone, SessionInterrupted, SessionNotLoaded } from './exceptions.ts'
import { EXPIRY_KEY, expiresAt, latestEnd, noteStart, STARTED_KEY } from './expiry.ts'
import {
  canLoadSync,
  isSessionKey,
  type LoadedSession,
  type SavedSession,
  savedSession,
  type SessionDict,
  type SessionMetadata,
  type SessionRecord,
  type SessionStore,
  wasDeleted,
} from './store.ts'

/** A save that conflicts this many times in a row is given up. */
const MAX_ATTEMPTS = 1000

/**
 * Saves of one session that had a conflict continue one after the other, so that within one process each needs only one
 * more attempt. Between processes the store decides.
 */
const contended = new KeyedMutex()

/** The result of a load that ran before the content was accessed. */
type Fetched = { readonly loaded: LoadedSession | undefined } | { readonly error: unknown }

export class SessionState {
  readonly store: SessionStore
  readonly #cookieAge: () => number
  /** Created on first use: most requests do not access their session. */
  #tracker: ChangeTracker | undefined
  #key: string | null
  /** Undefined until the content is accessed. */
  #data: SessionDict | undefined
  /** The version that the content was read from; undefined where the store did not return one. */
  #version: string | undefined
  #fetched: Fetched | undefined
  #saveRequested = false
  #isWritten = false
  /** Describes the request, for stores that keep this with the session. */
  metadata: (() => SessionMetadata) | undefined

  /**
   * @param key what the client sent; a string that cannot be a key counts as none
   * @param cookieAge the age in seconds of a session that sets none
   */
  constructor(store: SessionStore, key: string | null | undefined, cookieAge: () => number) {
    this.store = store
    this.#cookieAge = cookieAge
    this.#key = key !== null && key !== undefined && isSessionKey(key) ? key : null
  }

  get tracker(): ChangeTracker {
    return (this.#tracker ??= new ChangeTracker())
  }

  /** The key under which the session is stored; null while it is not stored. */
  get key(): string | null {
    return this.#key
  }

  /** Whether there is neither a key nor content. Does not access the store. */
  get isEmpty(): boolean {
    return this.#key === null && (this.#data === undefined || Object.keys(this.#data).length === 0)
  }

  /** Whether a save would write something: a known change, or `requestSave()`. */
  get dirty(): boolean {
    return this.#saveRequested || (this.#data !== undefined && this.#tracker?.any(this.#data) === true)
  }

  /** Whether this request has written the session, or ended it. */
  get isWritten(): boolean {
    return this.#isWritten
  }

  /** Makes the session dirty although no key has changed. */
  requestSave(): void {
    this.#saveRequested = true
  }

  /** Forgets all changes that were made so far: the session is no longer dirty. */
  discardChanges(): void {
    this.#saveRequested = false
    this.#isWritten = false
    if (this.#data !== undefined) this.#tracker?.beginSave(this.#data)
  }

  // Reading

  /** Whether the session must be fetched before its content can be accessed synchronously. */
  get needsFetch(): boolean {
    return this.#data === undefined && this.#key !== null && !canLoadSync(this.store)
  }

  /** Fetches the session. An error is kept, and thrown when the content is accessed. */
  fetch(): Promise<void> {
    if (this.#key === null || this.#data !== undefined) return Promise.resolve()
    return this.store.load(this.#key).then(
      (loaded) => {
        this.#fetched = { loaded }
      },
      (error: unknown) => {
        this.#fetched = { error }
      },
    )
  }

  /**
   * The content. The first access reads it from the fetched record, or synchronously from the store.
   * @throws SessionNotLoaded when the session was not fetched; the error of the fetch when that failed
   */
  open(): SessionDict {
    if (this.#data !== undefined) return this.#data
    if (this.#key === null) return (this.#data = {})
    const fetched = this.#fetchSync(this.#key)
    if (fetched === undefined) throw new SessionNotLoaded()
    if ('error' in fetched) throw fetched.error
    return this.#adopt(fetched.loaded)
  }

  /** What was fetched, or what can be fetched synchronously; undefined where neither is possible. */
  #fetchSync(key: string): Fetched | undefined {
    if (this.#fetched !== undefined || !canLoadSync(this.store)) return this.#fetched
    try {
      this.#fetched = { loaded: this.store.loadSync(key) }
    } catch (error) {
      this.#fetched = { error }
    }
    return this.#fetched
  }

  #adopt(loaded: LoadedSession | undefined): SessionDict {
    const current = loaded !== undefined && latestEnd(loaded.data) > clock.now() ? loaded : undefined
    // A key that the store does not know is dropped. Using it would let an attacker choose the key of a victim.
    if (current === undefined) this.#key = null
    this.#version = current?.version
    return (this.#data = current?.data ?? {})
  }

  async #openAsync(): Promise<SessionDict> {
    if (this.needsFetch && this.#fetched === undefined) await this.fetch()
    return this.open()
  }

  /** Reads the session again and applies this request's changes to it. False when it no longer exists. */
  async load(): Promise<boolean> {
    if (this.#key === null) return true
    const loaded = await this.store.load(this.#key)
    if (this.#data === undefined || (loaded === undefined && !this.dirty)) this.#adopt(loaded)
    else if (loaded === undefined) return false
    else this.#rebase(loaded, this.tracker.changeSet(this.#data))
    return true
  }

  /**
   * Removes the content. If the session is available, its key is dropped where the store does not know it, and its version
   * saves the next save a load. Otherwise nothing is read.
   */
  clear(): void {
    if (this.#data === undefined && this.#key !== null) {
      const fetched = this.#fetchSync(this.#key)
      if (fetched !== undefined && 'loaded' in fetched) this.#adopt(fetched.loaded)
    }
    this.#data = {}
    this.tracker.markCleared()
  }

  /** Applies changes to a newer record. */
  #rebase(loaded: LoadedSession, changes: ChangeSet): void {
    const held = this.#data ?? {}
    this.#data = replay(changes, loaded.data, held)
    this.#version = loaded.version
    this.tracker.restore(changes)
    // The view may still hold these values, so they are tracked again.
    for (const key of Object.keys(held)) if (Object.hasOwn(this.#data, key)) this.tracker.snapshot(key, this.#data[key])
  }

  // Writing

  /**
   * Saves the session: creates it if it has no key, otherwise updates the version that was read. After a conflict, the
   * session is read again, the changes are applied to it, and the save is repeated.
   * @throws SessionInterrupted when the session was deleted in the meantime and changes would be lost
   */
  async save(): Promise<void> {
    if (this.#data === undefined) await this.#openAsync()
    if (this.#key === null) return this.insert()
    try {
      if (await this.#update()) return
      await this.#updateUntilDone((loaded) => this.#rebase(loaded, this.tracker.changeSet(this.open())))
    } catch (error) {
      if (!(error instanceof SessionGone)) throw error
      // Nothing is lost where only the expiry of a deleted session would have moved.
      const wouldLose = [...this.tracker.keys(this.open())].some((key) => key !== EXPIRY_KEY)
      if (wouldLose) throw new SessionInterrupted({ cause: error })
      this.end()
    }
  }

  /** Runs `change` and saves, and repeats both until no other writer came between. */
  async atomic<T>(change: () => T | Promise<T>): Promise<T> {
    const before = this.tracker.changeSet(await this.#openAsync())
    let result = await change()
    if (this.#key === null) {
      await this.insert()
      return result
    }
    try {
      if (await this.#update()) return result
      await this.#updateUntilDone(async (loaded) => {
        this.#rebase(loaded, before)
        result = await change()
      })
    } catch (error) {
      throw error instanceof SessionGone ? new SessionInterrupted({ cause: error }) : error
    }
    return result
  }

  /** Updates the known version. False where no version is known, or after a conflict. */
  #update(): Promise<boolean> | false {
    const key = this.#key as string
    const version = this.#version
    return version !== undefined && this.#write((record) => this.store.update(key, record, version))
  }

  /** @param rebase applies this request's changes to what another writer stored */
  #updateUntilDone(rebase: (loaded: LoadedSession) => void | Promise<void>): Promise<void> {
    const key = this.#key as string
    return contended.run(key, async () => {
      for (let i = 1; i < MAX_ATTEMPTS; i++) {
        await rebase(await this.#reload(key))
        if (await this.#update()) return
      }
      throw new ServiceUnavailable(
        `The session could not be saved: each of ${MAX_ATTEMPTS} attempts conflicted with another write.`,
      )
    })
  }

  /**
   * Writes the content to the store. Changes that are made while the write is in flight belong to the next save.
   * @returns false after a conflict
   */
  #write(write: (record: SessionRecord) => Promise<SavedSession>): Promise<boolean> {
    const record = this.#record()
    const save = this.tracker.beginSave(record.data)
    const wasRequested = this.#saveRequested
    this.#saveRequested = false
    return promiseTry(() => write(record)).then(
      (saved) => {
        const { key, version } = savedSession(saved)
        this.#key = key
        this.#version = version
        this.#isWritten = true
        return true
      },
      (error: unknown) => {
        this.tracker.rollbackSave(save)
        this.#saveRequested ||= wasRequested
        if (!(error instanceof SessionConflict)) throw error
        this.#version = undefined
        return false
      },
    )
  }

  async #reload(key: string): Promise<LoadedSession> {
    const loaded = await this.store.load(key)
    if (loaded === undefined) throw new SessionGone()
    return loaded
  }

  #record(): SessionRecord {
    const data = (this.#data ??= {})
    noteStart(data)
    const end = Math.min(expiresAt(data, clock.now(), this.#cookieAge()), latestEnd(data))
    return { data, expiresAt: end, ...(this.metadata && { metadata: this.metadata }) }
  }

  /** Stores the content under a new key. A record under an earlier key stays. */
  async insert(): Promise<void> {
    // A new key is a new session, so its lifetime starts again.
    if (this.#data !== undefined) delete this.#data[STARTED_KEY]
    if (!(await this.#write((record) => this.store.create(record)))) throw new SessionConflict()
  }

  /** Ends the session here: no key, no content, nothing to save. The store is not accessed. */
  end(): void {
    this.#key = null
    this.#version = undefined
    this.#data = {}
    this.#fetched = undefined
    this.#saveRequested = false
    this.#isWritten = true
    this.tracker.beginSave(this.#data)
  }

  /** Moves the content to a new key. @throws SessionInterrupted when the old one was deleted in the meantime */
  async cycleKey(): Promise<void> {
    const data = await this.#openAsync()
    const old = this.#key
    const carried = this.#version
    const changes = this.tracker.changeSet(data)
    await this.insert()
    if (old === null || (await this.#deleteOld(old, carried, changes))) return
    const orphan = this.#key as string
    this.end()
    await this.store.delete(orphan)
    throw new SessionInterrupted()
  }

  /**
   * Deletes the old record in exactly the version whose content was carried over. A newer version is carried over first.
   * @returns false when another process deleted it
   */
  async #deleteOld(old: string, carried: string | undefined, changes: ChangeSet): Promise<boolean> {
    for (let version = carried; ; ) {
      try {
        return wasDeleted(await this.store.delete(old, version))
      } catch (error) {
        if (!(error instanceof SessionConflict)) throw error
      }
      const newer = await this.store.load(old)
      if (newer === undefined) return false
      const key = this.#key as string
      const mine = this.#version ?? (await this.#reload(key)).version
      this.#rebase(newer, changes)
      if (!(await this.#write((record) => this.store.update(key, record, mine)))) throw new SessionConflict()
      version = newer.version
    }
  }
}
