/** The state of one session during a request: its key, its content, the version that was read, and how it is saved. */
import { KeyedMutex, promiseTry } from '#core/concurrency'
import { ServiceUnavailable } from '#core/exceptions'
import { clock, getLogger } from '#core/utils'
import { type ChangeSet, ChangeTracker, replay, textOfKey } from './change_tracker.ts'
import {
  SessionConflict,
  SessionGone,
  SessionInterrupted,
  SessionMoved,
  SessionNotLoaded,
  SessionSent,
} from './exceptions.ts'
import { EXPIRY_KEY, expiresAt, latestEnd, noteStart, STARTED_KEY } from './expiry.ts'
import { isSameLogin, keepLogin, markerOf, movedTo, USER_HASH_KEY, USER_ID_KEY } from './moved_session.ts'
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
} from './store.ts'

const log = getLogger('django.contrib.sessions')

/** A save that conflicts this many times in a row is given up. */
const MAX_ATTEMPTS = 1000

/** A chain of rotations with more links than this is none: a store has given out a key twice. */
const MAX_HOPS = 100

/**
 * Saves of one session that had a conflict continue one after the other, so that within one process each needs only one
 * more attempt. Between processes the store decides.
 */
const contended = new KeyedMutex()

/** The result of a load that ran before the content was accessed. */
type Fetched = { readonly loaded: LoadedSession | undefined } | { readonly error: unknown }

/**
 * What a key rotation does if another request has moved the session first: `merge` the changes there and get no cookie,
 * `join` that session if it belongs to the same login, or `replace` it.
 */
export type IfMoved = 'merge' | 'join' | 'replace'

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
  /** Where another request had moved the session before this request loaded it. */
  #movedTo: string | undefined
  /** The user of the session as it was loaded or saved last. */
  #user: unknown
  /** Whether this state saves the changes of a request that loaded the session of another login. */
  #isForeign = false
  #saveRequested = false
  #isWritten = false
  #leavesCookie = false
  #isMoved = false
  /** Whether this request itself has deleted the stored session. */
  #isDeleted = false
  /** Whether the middleware has finished with the session, so that no cookie can follow. */
  #isSent = false
  #isChecking = false
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

  /**
   * Whether the response must not change the client's cookie. Another request has moved or ended the session, and its
   * response has the cookie for that.
   */
  get leavesCookie(): boolean {
    return this.#leavesCookie
  }

  /** Whether this request has moved the session to a new key, which only its cookie can tell the client. */
  get isMoved(): boolean {
    return this.#isMoved && this.#key !== null && !this.#leavesCookie
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

  // After the response

  /** The cookie can no longer change. What is changed from now on, by a stream or a timer, is saved by itself. */
  markSent(): void {
    this.#isSent = true
    if (this.#tracker?.hasMarked === true) this.saveLater()
  }

  /** Saves changes that follow an access after the response was sent. Called for each access, too: lists may change inside. */
  saveLater(): void {
    if (!this.#isSent || this.#isChecking) return
    this.#isChecking = true
    setImmediate(() => {
      this.#isChecking = false
      if (!this.dirty) return
      this.save().catch((error: unknown) =>
        log.error('A session that was changed after its response was not saved', error),
      )
    })
  }

  /** @throws Error if a change could no longer be saved, because the client would need another cookie for it */
  mustBeSavable(): void {
    if (this.#isSent && (this.#key === null || this.store.isInCookie === true)) throw new SessionSent()
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
    const moved = loaded && movedTo(this.#key as string, loaded.data)
    if (moved !== undefined) {
      this.#movedTo = moved
      this.#leavesCookie = true
    }
    const isCurrent = loaded !== undefined && moved === undefined && latestEnd(loaded.data) > clock.now()
    const current = isCurrent ? loaded : undefined
    // A key that the store does not know is dropped. Using it would let an attacker choose the key of a victim.
    if (current === undefined) this.#key = null
    this.#version = current?.version
    this.#data = current?.data ?? {}
    this.#user = this.#data[USER_ID_KEY]
    return this.#data
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
    // If the session has moved, this request keeps what it has read: the new content may belong to another login.
    else if (movedTo(this.#key, loaded.data) === undefined) this.#rebase(loaded, this.tracker.changeSet(this.#data))
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
    const login = this.#isForeign ? { ...loaded.data } : undefined
    this.#data = replay(changes, loaded.data, held)
    if (login !== undefined) keepLogin(this.#data, login)
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
    if (this.#key === null) return this.#movedTo === undefined ? this.insert() : this.#refuseChanges()
    try {
      if (await this.#update()) return
      await this.#updateUntilDone(
        (loaded) => this.#rebase(loaded, this.tracker.changeSet(this.open())),
        (newKey) => this.#mergeInto(newKey),
      )
    } catch (error) {
      if (!(error instanceof SessionGone)) throw error
      if (!this.#wouldLoseChanges()) return this.#endElsewhere()
      if (!this.#isDeleted) throw new SessionInterrupted({ cause: error })
      await this.#insertChanges(this.tracker.changeSet(this.open()))
    }
  }

  /** Nothing is lost where only the expiry of a deleted session would have moved, or the hash of its user been renewed. */
  #wouldLoseChanges(): boolean {
    return [...this.tracker.keys(this.open())].some((key) => key !== EXPIRY_KEY && key !== USER_HASH_KEY)
  }

  /** Whether the request came with the key from before a rotation, so that it can save nothing. */
  get isLate(): boolean {
    return this.#movedTo !== undefined
  }

  /** @throws SessionMoved */
  #refuseChanges(): void {
    if (this.#wouldLoseChanges()) throw new SessionMoved()
  }

  /** Runs `change` and saves, and repeats both until no other writer came between. `change` gets the state to change. */
  async atomic<T>(change: (state: SessionState) => T | Promise<T>): Promise<T> {
    const before = this.tracker.changeSet(await this.#openAsync())
    let originals!: ReadonlyMap<string, string | undefined>
    let result!: T
    const run = async (): Promise<void> => {
      const original = { ...this.open() }
      result = await change(this)
      originals = this.tracker.originalTexts(this.open(), original)
    }
    await run()
    if (this.#key === null) {
      await this.save()
      return result
    }
    try {
      if (await this.#update()) return result
      await this.#updateUntilDone(
        async (loaded) => {
          this.#rebase(loaded, before)
          await run()
        },
        async (newKey) => {
          const successor = await this.#successor(newKey)
          if (successor.#isForeign) return this.#repeatIn(newKey, originals)
          successor.#rebase({ data: successor.open(), version: successor.#version as string }, before)
          result = await successor.atomic(change)
          this.discardChanges()
          this.#leavesCookie = true
        },
      )
    } catch (error) {
      if (!(error instanceof SessionGone)) throw error
      if (!this.#isDeleted) throw new SessionInterrupted({ cause: error })
      await this.#insertChanges(this.tracker.changeSet(this.open()))
    }
    return result
  }

  /** Updates the known version. False where no version is known, or after a conflict. */
  #update(): Promise<boolean> | false {
    const key = this.#key as string
    const version = this.#version
    return version !== undefined && this.#write((record) => this.store.update(key, record, version))
  }

  /**
   * @param rebase applies this request's changes to what another writer stored
   * @param follow saves them in the session to which another request has moved this one
   */
  #updateUntilDone(
    rebase: (loaded: LoadedSession) => void | Promise<void>,
    follow: (newKey: string) => Promise<void>,
  ): Promise<void> {
    const key = this.#key as string
    return contended.run(key, async () => {
      for (let i = 1; i < MAX_ATTEMPTS; i++) {
        const loaded = await this.#reload(key)
        const newKey = movedTo(key, loaded.data)
        if (newKey !== undefined) return follow(newKey)
        await rebase(loaded)
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
    this.mustBeSavable()
    const record = this.#record()
    const save = this.tracker.beginSave(record.data)
    const wasRequested = this.#saveRequested
    this.#saveRequested = false
    return promiseTry(() => write(record)).then(
      (saved) => {
        const { key, version } = savedSession(saved)
        this.#key = key
        this.#version = version
        this.#user = record.data[USER_ID_KEY]
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

  // Sessions that another request has moved to a new key

  /** The state of the session under a new key. This request does not get to see its content. */
  async #successor(newKey: string, hops = 0): Promise<SessionState> {
    const successor = new SessionState(this.store, newKey, this.#cookieAge)
    successor.metadata = this.metadata
    successor.#adopt(await this.#reload(newKey))
    if (successor.#key === null && successor.#movedTo === undefined) throw new SessionGone()
    // A chain of rotations is followed to its end.
    if (successor.#movedTo !== undefined) {
      if (hops === MAX_HOPS) throw new SessionGone()
      return this.#successor(successor.#movedTo, hops + 1)
    }
    successor.#isForeign = successor.#user !== this.#user
    return successor
  }

  /** Saves this request's changes in the session under `newKey`. The content of this request stays. */
  async #mergeInto(newKey: string): Promise<void> {
    const data = this.open()
    const changes = this.tracker.changeSet(data)
    const save = this.tracker.beginSave(data)
    try {
      await (await this.#successor(newKey)).#apply(changes)
    } catch (error) {
      this.tracker.rollbackSave(save)
      throw error
    }
    this.#saveRequested = false
    this.#leavesCookie = true
  }

  async #apply(changes: ChangeSet): Promise<void> {
    this.#rebase({ data: this.open(), version: this.#version as string }, changes)
    await this.save()
  }

  /**
   * Saves the changes of an atomic operation in the session of another login, whose content its function must not see.
   * @param originals the serialized values of the changed keys before the function ran
   * @throws SessionMoved if a changed key has another value there, so that the result would not be exact
   */
  async #repeatIn(newKey: string, originals: ReadonlyMap<string, string | undefined>): Promise<void> {
    const changes = this.tracker.changeSet(this.open())
    for (let i = 0; i < MAX_ATTEMPTS; i++) {
      const successor = await this.#successor(newKey)
      const theirs = successor.open()
      for (const [key, text] of originals) if (textOfKey(theirs, key) !== text) throw new SessionMoved()
      successor.#rebase({ data: theirs, version: successor.#version as string }, changes)
      if (!(await successor.#update())) continue
      this.discardChanges()
      this.#leavesCookie = true
      return
    }
    throw new ServiceUnavailable(`The session could not be saved: each of ${MAX_ATTEMPTS} attempts conflicted.`)
  }

  /** Continues under `newKey` if that session belongs to the login that this request has proved. */
  async #join(newKey: string, changes: ChangeSet): Promise<boolean> {
    let successor: SessionState
    try {
      successor = await this.#successor(newKey)
    } catch (error) {
      if (error instanceof SessionGone) return false
      throw error
    }
    const content = successor.open()
    if (!isSameLogin(content, this.open())) return false
    this.#key = successor.#key
    this.#movedTo = undefined
    this.#rebase({ data: content, version: successor.#version as string }, changes)
    await this.save()
    this.#isWritten = true
    this.#leavesCookie = false
    return true
  }

  // New keys

  /** Stores the content under a new key. A record under an earlier key stays. */
  async insert(): Promise<void> {
    if (this.#isSent) throw new SessionSent()
    // A new key is a new session, so its lifetime starts again.
    if (this.#data !== undefined) delete this.#data[STARTED_KEY]
    if (!(await this.#write((record) => this.store.create(record)))) throw new SessionConflict()
    this.#movedTo = undefined
    this.#leavesCookie = false
    this.#isDeleted = false
  }

  /** Starts a new session with this request's changes alone: nothing of a session that was ended lives on in it. */
  async #insertChanges(changes: ChangeSet): Promise<void> {
    const held = this.open()
    this.end()
    this.#data = replay(changes, {}, held)
    this.tracker.restore(changes)
    await this.insert()
  }

  /** Deletes the stored session. The content of this request stays; a later save starts a new session with its changes. */
  async delete(): Promise<void> {
    if (this.#key === null) return
    await this.store.delete(this.#key)
    this.#isDeleted = true
  }

  /** Ends the session here: no key, no content, nothing to save. The store is not accessed. */
  end(): void {
    this.#key = null
    this.#movedTo = undefined
    this.#version = undefined
    this.#data = {}
    this.#fetched = undefined
    this.#saveRequested = false
    this.#isWritten = true
    this.tracker.beginSave(this.#data)
  }

  /** Another request has ended the session, and its response deletes the cookie: the client may have a newer one. */
  #endElsewhere(): void {
    this.end()
    this.#leavesCookie = true
  }

  /** Deletes the session, also where another request has moved it in the meantime, and ends it here. */
  async flush(): Promise<void> {
    if (this.#data === undefined && this.#fetched !== undefined && 'loaded' in this.#fetched) {
      this.#adopt(this.#fetched.loaded)
    }
    if (this.#movedTo !== undefined) await this.#deleteFrom(this.#movedTo, undefined)
    // A session that was not loaded is deleted in one round trip.
    else if (this.#key !== null && this.#data === undefined) await this.store.delete(this.#key)
    else if (this.#key !== null) await this.#deleteFrom(this.#key, this.#version)
    const { leavesCookie } = this
    this.end()
    this.#leavesCookie = leavesCookie
  }

  /** @param version the version that was read, if known; only a session in a known version is known not to have moved */
  async #deleteFrom(first: string, version: string | undefined): Promise<void> {
    let [key, known] = [first, version]
    for (let i = 0; i < MAX_ATTEMPTS; i++) {
      let next: string | undefined
      if (known === undefined) {
        const loaded = await this.store.load(key)
        if (loaded === undefined) return void (await this.store.delete(key))
        known = loaded.version
        next = movedTo(key, loaded.data)
      }
      try {
        await this.store.delete(key, known)
      } catch (error) {
        if (!(error instanceof SessionConflict)) throw error
        next = key
      }
      if (next === undefined) return
      key = next
      known = undefined
    }
    throw new ServiceUnavailable(`The session could not be ended: each of ${MAX_ATTEMPTS} attempts conflicted.`)
  }

  /**
   * Moves the content to a new key. Under the old one, a marker for requests in flight remains for a minute.
   * @throws SessionInterrupted when the session was deleted in the meantime
   */
  async cycleKey(ifMoved: IfMoved = 'merge'): Promise<void> {
    const data = await this.#openAsync()
    const [old, carried] = [this.#key, this.#version]
    const changes = this.tracker.changeSet(data)
    if (old === null) {
      if (this.#movedTo === undefined || ifMoved === 'replace') return this.insert()
      // There is nothing to move. Whether changes were lost is decided when they are saved.
      if (ifMoved === 'merge') return
      return (await this.#join(this.#movedTo, changes)) ? undefined : this.insert()
    }
    await this.insert()
    // Also if the next step fails: it may have been carried out, and the session is there under its new key.
    this.#isMoved = true
    const left = await this.#leaveMarker(old, carried, changes, ifMoved === 'replace')
    if (left === 'moved') return
    const unused = this.#key as string
    if (left === 'gone') return this.#rotateEnded(unused, changes, ifMoved)
    if (ifMoved === 'join' && !(await this.#join(left.newKey, changes))) return
    if (ifMoved === 'merge') {
      this.#key = old
      this.#version = undefined
      this.tracker.restore(changes)
      await this.#mergeInto(left.newKey)
    }
    await this.store.delete(unused)
  }

  /** After a rotation of a session that was ended in the meantime: nothing of it may live on under the new key. */
  async #rotateEnded(unused: string, changes: ChangeSet, ifMoved: IfMoved): Promise<void> {
    await this.store.delete(unused)
    // A user who has given a password needs no earlier session.
    if (ifMoved !== 'merge' || this.#isDeleted) return this.#insertChanges(changes)
    this.#endElsewhere()
    throw new SessionInterrupted()
  }

  /**
   * Replaces the old record by a marker, in exactly the version whose content was carried over. A newer version is
   * carried over first.
   * @param follows whether to go on where another request has moved the session
   */
  async #leaveMarker(
    first: string,
    carried: string | undefined,
    changes: ChangeSet,
    follows: boolean,
  ): Promise<'moved' | 'gone' | { readonly newKey: string }> {
    const key = this.#key as string
    let [old, version] = [first, carried]
    for (let i = 0; i < MAX_ATTEMPTS; i++) {
      try {
        if (version !== undefined) {
          await this.store.update(old, markerOf(old, key), version)
          return 'moved'
        }
      } catch (error) {
        if (error instanceof SessionGone) return 'gone'
        if (!(error instanceof SessionConflict)) throw error
      }
      const newer = await this.store.load(old)
      if (newer === undefined) return 'gone'
      const newKey = movedTo(old, newer.data)
      if (newKey !== undefined) {
        if (!follows) return { newKey }
        old = newKey
        version = undefined
        continue
      }
      const mine = this.#version ?? (await this.#reload(key)).version
      this.#rebase(newer, changes)
      if (!(await this.#write((record) => this.store.update(key, record, mine)))) throw new SessionConflict()
      version = newer.version
    }
    throw new ServiceUnavailable(`The session key could not be changed: each of ${MAX_ATTEMPTS} attempts conflicted.`)
  }
}
