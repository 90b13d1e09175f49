/** The content of a session and its place in a store: read when it is looked into, saved over nobody else's work. */
import { ServiceUnavailable } from '#core/exceptions'
import { KeyedMutex, promiseTry } from '#core/concurrency'
import { clock } from '#core/utils'
import { type ChangeSet, ChangeTracker, replay } from './change_tracker.ts'
import { SessionConflict, SessionGone, SessionInterrupted, SessionNotLoaded } from './exceptions.ts'
import { expiresAt, EXPIRY_KEY, latestEnd, noteStart, STARTED_KEY } from './expiry.ts'
import { isSessionKey } from './keys.ts'
import type { LoadedSession, SavedSession, SessionDict, SessionMetadata, SessionRecord, SessionStore } from './store.ts'

/** A save that meets this many others in a row is given up: something is wrong. */
const MOST_ATTEMPTS = 1000

/**
 * Saves of one session that have met another's go on one after the other, so that in one process each needs only one
 * more attempt. Between processes only the store decides.
 */
const contended = new KeyedMutex()

/** What was fetched before anybody looked into the session. */
type Fetched = { readonly loaded: LoadedSession | undefined } | { readonly error: unknown }

/** Whose content it is. */
export interface SessionOwner {
  /** Age in seconds of a session that names none. */
  getSessionCookieAge(): number
}

export class SessionState {
  readonly store: SessionStore
  /** Made when they are first asked for: most sessions of a request are never looked into. */
  #changes: ChangeTracker | undefined
  readonly #owner: SessionOwner
  #key: string | null
  /** Undefined until somebody looks in. */
  #data: SessionDict | undefined
  /** The stored state that the data came from; undefined when the store did not tell. */
  #version: string | undefined
  #fetched: Fetched | undefined
  /** Saved although no change is known. */
  forced = false
  /** Describes the request, for stores that keep this with the session. */
  metadata: (() => SessionMetadata) | undefined

  constructor(store: SessionStore, key: string | null | undefined, owner: SessionOwner) {
    this.store = store
    this.#owner = owner
    this.#key = key !== null && key !== undefined && isSessionKey(key) ? key : null
  }

  get changes(): ChangeTracker {
    return (this.#changes ??= new ChangeTracker())
  }

  /** The key under which the session is kept; null when it is not. */
  get key(): string | null {
    return this.#key
  }

  /** The content, if anybody has looked in. */
  get opened(): SessionDict | undefined {
    return this.#data
  }

  get hasUnsavedChanges(): boolean {
    return this.forced || (this.#data !== undefined && this.#changes?.any(this.#data) === true)
  }

  // Reading

  /** Whether the session must be fetched before a view may look into it. */
  get needsFetch(): boolean {
    return this.#data === undefined && this.#key !== null && this.store.loadSync === undefined
  }

  /** Fetches the session. An error is kept for whoever looks in. */
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

  /** The content, opened by the first look. */
  open(): SessionDict {
    if (this.#data !== undefined) return this.#data
    if (this.#key === null) return (this.#data = {})
    if (this.#fetched === undefined) {
      if (this.store.loadSync === undefined) throw new SessionNotLoaded()
      this.#fetched = { loaded: this.store.loadSync(this.#key) }
    }
    if ('error' in this.#fetched) throw this.#fetched.error
    return this.#adopt(this.#fetched.loaded)
  }

  #adopt(loaded: LoadedSession | undefined): SessionDict {
    const living = loaded !== undefined && latestEnd(loaded.data) > clock.now() ? loaded : undefined
    // A key that the store does not know is dropped: adopting it would let an attacker choose it for a victim.
    if (living === undefined) this.#key = null
    this.#version = living?.version
    return (this.#data = living?.data ?? {})
  }

  async #openNow(): Promise<SessionDict> {
    if (this.needsFetch && this.#fetched === undefined) await this.fetch()
    return this.open()
  }

  /** Reads the session anew and keeps what was changed here over it. False when it is no longer there. */
  async load(): Promise<boolean> {
    if (this.#key === null) return true
    const loaded = await this.store.load(this.#key)
    if (this.#data === undefined || (loaded === undefined && !this.hasUnsavedChanges)) this.#adopt(loaded)
    else if (loaded === undefined) return false
    else this.#rebase(loaded, this.changes.changeSet(this.#data))
    return true
  }

  /** Removes everything without reading it. */
  clear(): void {
    // A store's version is needed to write over it; without one the save will fetch it.
    if (this.#data === undefined && this.#fetched !== undefined && 'loaded' in this.#fetched) this.open()
    this.#data = {}
    this.changes.markCleared()
  }

  #rebase(loaded: LoadedSession, pending: ChangeSet): void {
    const held = this.#data ?? {}
    this.#data = replay(pending, loaded.data, held)
    this.#version = loaded.version
    this.changes.restore(pending)
    // Everything the view may still hold is watched again.
    for (const key of Object.keys(held)) if (Object.hasOwn(this.#data, key)) this.changes.snapshot(key, this.#data[key])
  }

  // Writing

  async save(): Promise<void> {
    if (this.#data === undefined) await this.#openNow()
    if (this.#key === null) return this.insert()
    try {
      if (await this.#overwrite()) return
      await this.#writeAgain((loaded) => this.#rebase(loaded, this.changes.changeSet(this.open())))
    } catch (error) {
      if (!(error instanceof SessionGone)) throw error
      // What only moved the end of a session that is gone is no loss.
      const wouldLose = [...this.changes.keys(this.open())].some((key) => key !== EXPIRY_KEY)
      if (wouldLose) throw new SessionInterrupted({ cause: error })
      this.end()
    }
  }

  /** Runs `change` and saves; again and again, until nobody has written between its look and its save. */
  async atomic<T>(change: () => T | Promise<T>): Promise<T> {
    const before = this.changes.changeSet(await this.#openNow())
    let result = await change()
    if (this.#key === null) {
      await this.insert()
      return result
    }
    try {
      if (await this.#overwrite()) return result
      await this.#writeAgain(async (loaded) => {
        this.#rebase(loaded, before)
        result = await change()
      })
    } catch (error) {
      throw error instanceof SessionGone ? new SessionInterrupted({ cause: error }) : error
    }
    return result
  }

  /** Writes over the version that is known. False where none is, or when another writer came before. */
  #overwrite(): Promise<boolean> | false {
    const key = this.#key as string
    const version = this.#version
    return version !== undefined && this.#send((record) => this.store.update(key, record, version))
  }

  /** Writes until no other writer comes between. `again` brings our changes onto what the other one wrote. */
  #writeAgain(again: (loaded: LoadedSession) => void | Promise<void>): Promise<void> {
    const key = this.#key as string
    return contended.run(key, async () => {
      for (let i = 1; i < MOST_ATTEMPTS; i++) {
        await again(await this.#reload(key))
        if (await this.#overwrite()) return
      }
      throw new ServiceUnavailable(
        `The session could not be saved: others wrote to it ${MOST_ATTEMPTS} times meanwhile.`,
      )
    })
  }

  /**
   * Gives the store what there is. What is changed while it is on its way is not saved yet.
   * @returns false when the store's version is another
   */
  #send(save: (record: SessionRecord) => Promise<SavedSession>): Promise<boolean> {
    const record = this.#record()
    const begun = this.changes.beginSave(record.data)
    const { forced } = this
    this.forced = false
    return promiseTry(() => save(record)).then(
      (saved) => {
        this.#key = typeof saved === 'string' ? saved : saved.key
        this.#version = typeof saved === 'string' ? undefined : saved.version
        return true
      },
      (error: unknown) => {
        this.changes.rollbackSave(begun)
        this.forced ||= forced
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
    const end = Math.min(expiresAt(data, clock.now(), this.#owner.getSessionCookieAge()), latestEnd(data))
    return { data, expiresAt: end, ...(this.metadata && { metadata: this.metadata }) }
  }

  /** Keeps the content under a new key; what was kept under an earlier one stays where it is. */
  async insert(): Promise<void> {
    // A new key is a new session: its time begins now.
    if (this.#data !== undefined) delete this.#data[STARTED_KEY]
    if (!(await this.#send((record) => this.store.create(record)))) throw new SessionConflict()
  }

  /** The session is over: nothing to keep, no key. */
  end(): void {
    this.#key = null
    this.#version = undefined
    this.#data = {}
    this.#fetched = undefined
    this.forced = false
    this.changes.beginSave(this.#data)
  }

  /** Moves the content to a new key. @throws SessionInterrupted when the old one was deleted meanwhile */
  async cycleKey(): Promise<void> {
    const data = await this.#openNow()
    const old = this.#key
    const carried = this.#version
    const pending = this.changes.changeSet(data)
    await this.insert()
    if (old === null || (await this.#takeAway(old, carried, pending))) return
    const orphan = this.#key as string
    this.end()
    await this.store.delete(orphan)
    throw new SessionInterrupted()
  }

  /** Deletes the old key in the very state whose content we carried over. False if somebody else deleted it first. */
  async #takeAway(old: string, carried: string | undefined, pending: ChangeSet): Promise<boolean> {
    for (let version = carried; ; ) {
      try {
        return (await this.store.delete(old, version)) !== false
      } catch (error) {
        if (!(error instanceof SessionConflict)) throw error
      }
      // Another request wrote to the old session meanwhile: what it wrote comes along.
      const newer = await this.store.load(old)
      if (newer === undefined) return false
      const key = this.#key as string
      const mine = this.#version ?? (await this.#reload(key)).version
      this.#rebase(newer, pending)
      if (!(await this.#send((record) => this.store.update(key, record, mine)))) throw new SessionConflict()
      version = newer.version
    }
  }
}
