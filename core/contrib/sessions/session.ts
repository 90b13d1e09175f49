/** The session of a request: a dict that knows what was changed in it, over the store that keeps it. */
import { ServiceUnavailable } from '#core/exceptions'
import { settings } from '#core/conf'
import { assertJson, clock, KeyedQueue, setOwn } from '#core/utils'
import { Changes, type Pending, replay } from './changes.ts'
import type { SessionData } from './data.ts'
import { SessionConflict, SessionGone, SessionInterrupted, SessionNotLoaded } from './exceptions.ts'
import {
  EXPIRY_KEY,
  type Expiry,
  expiresAt,
  expiresAtBrowserClose,
  expiryAge,
  latestEnd,
  noteStart,
  STARTED_KEY,
  storedExpiry,
} from './expiry.ts'
import { MIN_KEY_LENGTH } from './keys.ts'
import type { LoadedSession, SavedSession, SessionDict, SessionRecord, SessionStore } from './store.ts'

const TEST_COOKIE_NAME = 'testcookie'
const TEST_COOKIE_VALUE = 'worked'

/** A save that meets this many others in a row is given up: something is wrong. */
const MOST_ATTEMPTS = 1000

/**
 * Saves of one session that have met another's go on one after the other, so that in one process each needs only one
 * more attempt. Between processes only the store decides.
 */
const contended = new KeyedQueue()

/** The session as a view sees it: its methods, and its content by name. */
export type Session = SessionBase & SessionData

declare module 'koa' {
  interface BaseRequest {
    /** The visitor's session. */
    session: Session
  }
}

/** What was fetched before anybody looked into the session. */
type Fetched = { readonly loaded: LoadedSession | undefined } | { readonly error: unknown }

export class SessionBase {
  readonly #store: SessionStore
  readonly #changes = new Changes()
  #key: string | null
  /** Undefined until somebody looks in. */
  #data: SessionDict | undefined
  /** The stored state that the data came from; undefined when the store did not tell. */
  #version: string | undefined
  #fetched: Fetched | undefined
  #accessed = false
  #modified = false
  /** Set by hand: saved although no change is known. */
  #forced = false
  /** What to note of the device when the session is saved for a user. */
  describeDevice: (() => string) | undefined

  /**
   * @param key what the client sent; a text that is too short to be a key counts as none
   */
  constructor(store: SessionStore, key: string | null | undefined) {
    this.#store = store
    this.#key = key !== null && key !== undefined && key.length >= MIN_KEY_LENGTH ? key : null
  }

  // What a middleware wants to know

  /** The key under which the session is kept; null when it is not. */
  get sessionKey(): string | null {
    return this.#key
  }

  /** Whether anybody has looked into the session. */
  get accessed(): boolean {
    return this.#accessed
  }

  /** Whether the session was changed, inside its lists and objects too. Setting it to true forces a save. */
  get modified(): boolean {
    return this.#modified || this.hasUnsavedChanges
  }

  set modified(value: boolean) {
    this.#modified = value
    this.#forced = value
    if (!value && this.#data !== undefined) this.#changes.saved(this.#data)
  }

  get hasUnsavedChanges(): boolean {
    return this.#forced || (this.#data !== undefined && this.#changes.any(this.#data))
  }

  /** Whether there is neither a key nor content. Does not look into the store. */
  isEmpty(): boolean {
    return this.#key === null && (this.#data === undefined || Object.keys(this.#data).length === 0)
  }

  // The dict

  get(key: string, defaultValue?: unknown): unknown {
    const data = this.#open()
    if (!Object.hasOwn(data, key)) return defaultValue
    this.#changes.lend(key, data[key])
    return data[key]
  }

  /** A value, without this counting as a look into the session: for middleware whose answer does not depend on it. */
  peek(key: string): unknown {
    const accessed = this.#accessed
    try {
      return this.get(key)
    } finally {
      this.#accessed = accessed
    }
  }

  /** @throws NotJson when JSON cannot hold the value */
  set(key: string, value: unknown): this {
    const data = this.#open()
    if (value === undefined) {
      throw new TypeError(
        `session.${key} cannot be undefined, which JSON cannot hold. To remove it: delete session.${key}`,
      )
    }
    assertJson(value, `session.${key}`)
    setOwn(data, key, value)
    this.#change(key)
    return this
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#open(), key)
  }

  /** Removes a key; whether it was there. */
  remove(key: string): boolean {
    const data = this.#open()
    if (!Object.hasOwn(data, key)) return false
    delete data[key]
    this.#change(key)
    return true
  }

  /** Removes a key and gives its value, or `defaultValue` if it was not there. */
  pop(key: string, defaultValue?: unknown): unknown {
    const value = this.get(key, defaultValue)
    this.remove(key)
    return value
  }

  /** The value of a key, which is set first if it is not there. */
  setDefault(key: string, value: unknown): unknown {
    if (!this.has(key)) this.set(key, value)
    return this.get(key)
  }

  /** Sets many keys. The session counts as modified even when there are none. */
  update(values: Readonly<SessionDict> | Iterable<readonly [string, unknown]>): void {
    const entries = Symbol.iterator in values ? (values as Iterable<[string, unknown]>) : Object.entries(values)
    for (const [key, value] of entries) this.set(key, value)
    this.#open()
    this.#modified = true
    this.#forced = true
  }

  keys(): string[] {
    return Object.keys(this.#open())
  }

  values(): unknown[] {
    return this.keys().map((key) => this.get(key))
  }

  items(): [string, unknown][] {
    return this.keys().map((key) => [key, this.get(key)])
  }

  [Symbol.iterator](): IterableIterator<[string, unknown]> {
    return this.items()[Symbol.iterator]()
  }

  /** The content as a plain object: what JSON.stringify(session) writes. */
  toJSON(): SessionDict {
    return Object.fromEntries(this.items())
  }

  /** Removes everything without reading it; the session and its key stay. */
  clear(): void {
    // A store's version is needed to write over it; without one the save will fetch it.
    if (this.#data === undefined && this.#fetched !== undefined && 'loaded' in this.#fetched) this.#open()
    this.#data = {}
    this.#changes.noteCleared()
    this.#accessed = true
    this.#modified = true
  }

  #change(key: string): void {
    this.#changes.note(key)
    this.#modified = true
  }

  // Expiry

  /** When this session ends, if not as the settings say. Seconds count from each save; 0 is the end of the browser. */
  setExpiry(value: Expiry): void {
    const stored = storedExpiry(value)
    if (stored === undefined) this.remove(EXPIRY_KEY)
    else this.set(EXPIRY_KEY, stored)
  }

  /** Seconds until the session ends. */
  getExpiryAge(options: { modification?: Date; expiry?: Exclude<Expiry, undefined> } = {}): number {
    const age = expiryAge(this.#expiryFrom(options), options.modification?.getTime(), this.getSessionCookieAge())
    return Math.min(age, Math.floor((latestEnd(this.#open()) - clock.now()) / 1000))
  }

  getExpiryDate(options: { modification?: Date; expiry?: Exclude<Expiry, undefined> } = {}): Date {
    return new Date(expiresAt(this.#expiryFrom(options), options.modification?.getTime(), this.getSessionCookieAge()))
  }

  /** Whether the cookie should end with the browser. */
  getExpireAtBrowserClose(): boolean {
    return expiresAtBrowserClose(this.#open())
  }

  /** Age of a session that names none, in seconds: the settings'. */
  getSessionCookieAge(): number {
    return settings.SESSION_COOKIE_AGE
  }

  #expiryFrom({ expiry }: { expiry?: Expiry }): Readonly<SessionDict> {
    if (expiry === undefined) return this.#open()
    return { [EXPIRY_KEY]: storedExpiry(expiry) }
  }

  // The test cookie

  setTestCookie(): void {
    this.set(TEST_COOKIE_NAME, TEST_COOKIE_VALUE)
  }

  testCookieWorked(): boolean {
    return this.get(TEST_COOKIE_NAME) === TEST_COOKIE_VALUE
  }

  deleteTestCookie(): void {
    this.remove(TEST_COOKIE_NAME)
  }

  // Reading

  /** Whether the session must be fetched before a view may look into it. */
  get needsFetch(): boolean {
    return this.#data === undefined && this.#key !== null && this.#store.loadSync === undefined
  }

  /**
   * Fetches the session without counting as access. An error is kept for whoever looks in: a view that does not use
   * its session is answered even when the store is down.
   */
  async fetch(): Promise<void> {
    if (this.#key === null || this.#data !== undefined) return
    try {
      this.#fetched = { loaded: await this.#store.load(this.#key) }
    } catch (error) {
      this.#fetched = { error }
    }
  }

  /** The data, opened by the first look. */
  #open(): SessionDict {
    this.#accessed = true
    if (this.#data !== undefined) return this.#data
    if (this.#key === null) return (this.#data = {})
    if (this.#fetched === undefined) {
      if (this.#store.loadSync === undefined) throw new SessionNotLoaded()
      this.#fetched = { loaded: this.#store.loadSync(this.#key) }
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
    return this.#open()
  }

  /** Reads the session from its store, keeps what was changed here over it, and gives the content. */
  async load(): Promise<SessionDict> {
    this.#accessed = true
    if (this.#key === null) return this.#open()
    const loaded = await this.#store.load(this.#key)
    if (this.#data === undefined || (loaded === undefined && !this.hasUnsavedChanges)) this.#adopt(loaded)
    else if (loaded === undefined) return {}
    else this.#rebase(loaded, this.#changes.pending(this.#data))
    return this.toJSON()
  }

  #rebase(loaded: LoadedSession, pending: Pending): void {
    const held = this.#data ?? {}
    this.#data = replay(pending, loaded.data, held)
    this.#version = loaded.version
    this.#changes.restore(pending)
    // Everything the view may still hold is watched again.
    for (const key of Object.keys(held)) if (Object.hasOwn(this.#data, key)) this.#changes.lend(key, this.#data[key])
  }

  // Writing

  /**
   * Saves the session: creates it if it has no key yet, otherwise writes over the version that was read. If somebody
   * else has written meanwhile, this request's changes are made again, key by key, over what they wrote.
   * @throws SessionInterrupted when the session was deleted meanwhile and changes would be lost
   */
  async save(): Promise<void> {
    const data = await this.#openNow()
    if (this.#key === null) return this.#insert()
    const changed = this.#changes.keys(data)
    // What only moved the end of a session that is gone is no loss.
    const wouldLose = [...changed].some((key) => key !== EXPIRY_KEY)
    try {
      await this.#write((loaded) => this.#rebase(loaded, this.#changes.pending(this.#data as SessionDict)))
    } catch (error) {
      if (!(error instanceof SessionGone)) throw error
      if (wouldLose) throw new SessionInterrupted({ cause: error })
      this.#end()
    }
  }

  /**
   * Runs `change` on the session as it is stored and saves what it did, as one step: if somebody else wrote meanwhile,
   * it runs again on what they wrote. `await session.atomic(s => { s.n = (s.n ?? 0) + 1 })` counts exactly.
   * @returns what `change` returned
   * @throws SessionInterrupted when the session was deleted meanwhile
   */
  async atomic<T>(change: (session: Session) => T | Promise<T>): Promise<T> {
    const face = this as unknown as Session
    const before = this.#changes.pending(await this.#openNow())
    let result = await change(face)
    if (this.#key === null) {
      await this.#insert()
      return result
    }
    try {
      await this.#write(async (loaded) => {
        this.#rebase(loaded, before)
        result = await change(face)
      })
    } catch (error) {
      throw error instanceof SessionGone ? new SessionInterrupted({ cause: error }) : error
    }
    return result
  }

  /** Writes until no other writer comes between. `again` brings our changes onto what the other one wrote. */
  async #write(again: (loaded: LoadedSession) => void | Promise<void>): Promise<void> {
    const key = this.#key as string
    const attempt = async (): Promise<boolean> => {
      if (this.#version === undefined) await again(await this.#reload(key))
      try {
        this.#kept(await this.#store.update(key, this.#record(), this.#version as string))
        return true
      } catch (error) {
        if (!(error instanceof SessionConflict)) throw error
        this.#version = undefined
        return false
      }
    }
    if (await attempt()) return
    await contended.run(key, async () => {
      for (let i = 1; i < MOST_ATTEMPTS; i++) if (await attempt()) return
      throw new ServiceUnavailable(
        `The session could not be saved: others wrote to it ${MOST_ATTEMPTS} times meanwhile.`,
      )
    })
  }

  async #reload(key: string): Promise<LoadedSession> {
    const loaded = await this.#store.load(key)
    if (loaded === undefined) throw new SessionGone()
    return loaded
  }

  #record(): SessionRecord {
    const data = this.#data ?? {}
    noteStart(data)
    const end = Math.min(expiresAt(data, clock.now(), this.getSessionCookieAge()), latestEnd(data))
    return { data, expiresAt: end, ...(this.describeDevice && { device: this.describeDevice }) }
  }

  async #insert(): Promise<void> {
    this.#data ??= {}
    // A new key is a new session: its time begins now.
    delete this.#data[STARTED_KEY]
    this.#kept(await this.#store.create(this.#record()))
  }

  /** The store has what we have. */
  #kept(saved: SavedSession): void {
    this.#key = typeof saved === 'string' ? saved : saved.key
    this.#version = typeof saved === 'string' ? undefined : saved.version
    this.#forced = false
    this.#changes.saved(this.#data ?? {})
  }

  /** The session is over: nothing to keep, no key. */
  #end(): void {
    this.#key = null
    this.#version = undefined
    this.#data = {}
    this.#fetched = undefined
    this.#forced = false
    this.#changes.saved(this.#data)
  }

  /** Keeps the content under a new key; what was kept under an earlier one stays where it is. */
  async create(): Promise<void> {
    await this.#insert()
    this.#modified = true
    this.#accessed = true
  }

  /** Deletes what is stored under the session's key, or another. The content here stays as it is. */
  async delete(key: string | null = this.#key): Promise<void> {
    if (key !== null) await this.#store.delete(key)
  }

  /** Whether a store keeps something under a key. */
  async exists(key: string): Promise<boolean> {
    return this.#store.exists === undefined ? (await this.#store.load(key)) !== undefined : this.#store.exists(key)
  }

  /** Ends the session: its content, what is stored, its key. The next change starts a new one. */
  async flush(): Promise<void> {
    await this.delete()
    this.#end()
    this.#accessed = true
    this.#modified = true
  }

  /**
   * Moves the content to a new key, so that whoever knew the old one knows nothing: for logins.
   * @throws SessionInterrupted when the session was deleted meanwhile: a logout wins
   */
  async cycleKey(): Promise<void> {
    const data = await this.#openNow()
    const old = this.#key
    const carried = this.#version
    const pending = this.#changes.pending(data)
    await this.create()
    if (old === null || (await this.#takeAway(old, carried, pending))) return
    const orphan = this.#key as string
    this.#end()
    await this.#store.delete(orphan)
    throw new SessionInterrupted()
  }

  /** Deletes the old key in the very state whose content we carried over. False if somebody else deleted it first. */
  async #takeAway(old: string, carried: string | undefined, pending: Pending): Promise<boolean> {
    for (let version = carried; ; ) {
      try {
        return (await this.#store.delete(old, version)) !== false
      } catch (error) {
        if (!(error instanceof SessionConflict)) throw error
      }
      // Another request wrote to the old session meanwhile: what it wrote comes along.
      const newer = await this.#store.load(old)
      if (newer === undefined) return false
      const mine = this.#version ?? (await this.#reload(this.#key as string)).version
      this.#rebase(newer, pending)
      this.#kept(await this.#store.update(this.#key as string, this.#record(), mine))
      version = newer.version
    }
  }
}
