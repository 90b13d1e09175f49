/** The dict that views use as `request.session`: Django's methods, over the state of the session. */
import { settings } from '#core/conf'
import { altersData, clock } from '#core/utils'
import { assertJson, setOwn } from '#core/serialization'
import {
  expiresAt,
  expiresAtBrowserClose,
  type Expiry,
  EXPIRY_KEY,
  expiryAge,
  latestEnd,
  storedExpiry,
} from './expiry.ts'
import { isSessionKey, type SessionDict } from './store.ts'
import { movedTo } from './moved_session.ts'
import type { FoundValue, SessionContent, SessionValue } from './session_data.ts'
import type { SessionState } from './session_state.ts'

const TEST_COOKIE_NAME = 'testcookie'
const TEST_COOKIE_VALUE = 'worked'

/** The session as a view sees it: its methods, and its content by name. */
export type Session = SessionBase & SessionContent

declare module 'koa' {
  interface BaseRequest {
    /** The visitor's session. */
    session: Session
  }
}

/** How the framework reaches the state behind a session that it was given. */
export const STATE = Symbol('nuages.session.state')

export class SessionBase {
  readonly [STATE]: SessionState
  #accessed = false

  constructor(state: SessionState) {
    this[STATE] = state
  }

  /** The key under which the session is stored; null while it is not stored. */
  get sessionKey(): string | null {
    return this[STATE].key
  }

  /** Whether the content was read or changed. */
  get accessed(): boolean {
    return this.#accessed
  }

  /**
   * Whether this request changed the session, inside its lists and objects too. Assigning true forces a save, assigning
   * false discards the record of all changes so far.
   */
  get modified(): boolean {
    return this[STATE].dirty || this[STATE].isWritten
  }

  set modified(value: boolean) {
    if (value) this[STATE].requestSave()
    else this[STATE].discardChanges()
  }

  /** Whether there is neither a key nor content. Does not access the store. */
  isEmpty(): boolean {
    return this[STATE].isEmpty
  }

  // The dict

  /** The value of a key, typed by `SessionData`; `defaultValue`, or undefined, where the key is not there. */
  get<K extends string>(key: K): FoundValue<K>
  get<K extends string, D>(key: K, defaultValue: D): SessionValue<K> | D
  get(key: string, defaultValue?: unknown): unknown {
    const data = this.#open()
    if (!Object.hasOwn(data, key)) return defaultValue
    this[STATE].tracker.snapshot(key, data[key])
    return data[key]
  }

  /** @throws NotJson for a value that JSON cannot hold */
  set<K extends string>(key: K, value: SessionValue<K>): this {
    const data = this.#openToChange()
    if (value === undefined) {
      throw new TypeError(
        `session.${key} cannot be undefined, which JSON cannot hold. To remove it: delete session.${key}`,
      )
    }
    assertJson(value, `session.${key}`, data)
    setOwn(data, key, value)
    this[STATE].tracker.markChanged(key)
    return this
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#open(), key)
  }

  /** Removes a key. @returns whether it was there */
  remove(key: string): boolean {
    const data = this.#openToChange()
    if (!Object.hasOwn(data, key)) return false
    delete data[key]
    this[STATE].tracker.markChanged(key)
    return true
  }

  /** Removes a key. @returns its value, or `defaultValue` where it was not there */
  pop<K extends string>(key: K): FoundValue<K>
  pop<K extends string, D>(key: K, defaultValue: D): SessionValue<K> | D
  pop(key: string, defaultValue?: unknown): unknown {
    const value = this.get(key, defaultValue)
    this.remove(key)
    return value
  }

  /** The value of a key, which is first set to `value` where it is not there. */
  setDefault<K extends string>(key: K, value: SessionValue<K>): SessionValue<K> {
    if (!this.has(key)) this.set(key, value)
    return this.get(key) as SessionValue<K>
  }

  /** Sets several keys. The session is modified even when there are none, as in Django. */
  update(values: Partial<SessionContent> | Readonly<SessionDict> | Iterable<readonly [string, unknown]>): void {
    const entries = Symbol.iterator in values ? (values as Iterable<[string, unknown]>) : Object.entries(values)
    for (const [key, value] of entries) this.set(key, value)
    this.#openToChange()
    this[STATE].requestSave()
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
    this.#accessed = true
    this[STATE].mustBeSavable()
    this[STATE].clear()
    this[STATE].saveLater()
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

  // The store

  /** Reads the session from its store again and applies this request's changes to it. @returns the content */
  async load(): Promise<SessionDict> {
    this.#accessed = true
    return (await this[STATE].load()) ? this.toJSON() : {}
  }

  /**
   * Saves the session: creates it if it has no key yet, otherwise updates the version that was read. After a conflict,
   * this request's changes are applied to the newer content, key by key.
   * @throws SessionInterrupted when the session was deleted in the meantime and changes would be lost
   */
  save(): Promise<void> {
    this.#accessed = true
    return this[STATE].save()
  }

  /**
   * Runs `change` on the stored session and saves the result in one step. After a conflict, `change` runs again on the
   * newer content.
   * @example await session.atomic((s) => { s.n = (s.n ?? 0) + 1 })
   * @returns what `change` returned
   * @throws SessionInterrupted when the session was deleted in the meantime
   */
  atomic<T>(change: (session: Session) => T | Promise<T>): Promise<T> {
    this.#accessed = true
    return this[STATE].atomic((state) =>
      change((state === this[STATE] ? this : new SessionBase(state)) as unknown as Session),
    )
  }

  /** Stores the content under a new key. A record under an earlier key stays. */
  async create(): Promise<void> {
    this.#accessed = true
    await this[STATE].insert()
  }

  /**
   * Deletes the stored record of the session's key, or of another one. The content in this request stays. What this
   * request has changed or changes later goes into a new session.
   */
  async delete(key: string | null = this.sessionKey): Promise<void> {
    if (key === this.sessionKey) await this[STATE].delete()
    else if (key !== null && isSessionKey(key)) await this[STATE].store.delete(key)
  }

  /** Whether the store has a session under a key, expired or not. */
  async exists(key: string): Promise<boolean> {
    const { store } = this[STATE]
    if (!isSessionKey(key)) return false
    const loaded = await store.load(key)
    if (loaded !== undefined) return movedTo(key, loaded.data) === undefined
    return (await store.exists?.(key)) ?? false
  }

  /** Ends the session: its content, its record and its key. The next change starts a new session. */
  async flush(): Promise<void> {
    this.#accessed = true
    await this[STATE].flush()
  }

  /**
   * Moves the content to a new key, so that the old key gives no access: for logins.
   * @throws SessionInterrupted when the session was deleted in the meantime
   */
  async cycleKey(): Promise<void> {
    this.#accessed = true
    await this[STATE].cycleKey()
  }

  #open(): SessionDict {
    this.#accessed = true
    this[STATE].saveLater()
    return this[STATE].open()
  }

  /** The content, for a change. */
  #openToChange(): SessionDict {
    this[STATE].mustBeSavable()
    return this.#open()
  }
}

altersData(SessionBase.prototype, [
  'set',
  'remove',
  'pop',
  'setDefault',
  'update',
  'clear',
  'atomic',
  'setExpiry',
  'setTestCookie',
  'deleteTestCookie',
  'load',
  'save',
  'create',
  'delete',
  'flush',
  'cycleKey',
])
