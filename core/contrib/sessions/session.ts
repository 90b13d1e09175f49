/** The session of a request: a dict that knows what was changed in it, over the store that keeps it. */
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
import { SessionState } from './session_state.ts'
import { isSessionKey } from './keys.ts'
import type { SessionDict, SessionMetadata, SessionStore } from './store.ts'

// The type of a session's content, which a project fills in.

/**
 * Names and types of what a project keeps in its sessions:
 * `declare module '#core/contrib/sessions' { interface SessionData { num_visits?: number } }`
 */
// oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- filled in by projects
export interface SessionData {}

const TEST_COOKIE_NAME = 'testcookie'
const TEST_COOKIE_VALUE = 'worked'

/** The session as a view sees it: its methods, and its content by name. */
export type Session = SessionBase & SessionData

declare module 'koa' {
  interface BaseRequest {
    /** The visitor's session. */
    session: Session
  }
}

export class SessionBase {
  readonly #kept: SessionState
  #accessed = false
  #modified = false

  /**
   * @param key what the client sent; a string that cannot be a key counts as none
   */
  constructor(store: SessionStore, key: string | null | undefined) {
    this.#kept = new SessionState(store, key, this)
  }

  // What a middleware wants to know

  /** The key under which the session is kept; null when it is not. */
  get sessionKey(): string | null {
    return this.#kept.key
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
    const { opened } = this.#kept
    this.#modified = value
    this.#kept.forced = value
    if (!value && opened !== undefined) this.#kept.changes.beginSave(opened)
  }

  get hasUnsavedChanges(): boolean {
    return this.#kept.hasUnsavedChanges
  }

  /** Describes the request that saves the session. */
  set metadata(describe: (() => SessionMetadata) | undefined) {
    this.#kept.metadata = describe
  }

  /** Whether there is neither a key nor content. Does not look into the store. */
  isEmpty(): boolean {
    const { key, opened } = this.#kept
    return key === null && (opened === undefined || Object.keys(opened).length === 0)
  }

  // The dict

  get(key: string, defaultValue?: unknown): unknown {
    const data = this.#open()
    if (!Object.hasOwn(data, key)) return defaultValue
    this.#kept.changes.snapshot(key, data[key])
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
    assertJson(value, `session.${key}`, data)
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
    this.#kept.forced = true
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
    this.#kept.clear()
    this.#touched()
  }

  #change(key: string): void {
    this.#kept.changes.markChanged(key)
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

  // The store

  /** Whether the session must be fetched before a view may look into it. */
  get needsFetch(): boolean {
    return this.#kept.needsFetch
  }

  /**
   * Fetches the session without counting as access. An error is kept for whoever looks in: a view that does not use
   * its session is answered even when the store is down.
   */
  fetch(): Promise<void> {
    return this.#kept.fetch()
  }

  /** Reads the session from its store, keeps what was changed here over it, and gives the content. */
  async load(): Promise<SessionDict> {
    this.#accessed = true
    return (await this.#kept.load()) ? this.toJSON() : {}
  }

  /**
   * Saves the session: creates it if it has no key yet, otherwise writes over the version that was read. If somebody
   * else has written meanwhile, this request's changes are made again, key by key, over what they wrote.
   * @throws SessionInterrupted when the session was deleted meanwhile and changes would be lost
   */
  save(): Promise<void> {
    this.#accessed = true
    return this.#kept.save()
  }

  /**
   * Runs `change` on the session as it is stored and saves what it did, as one step: if somebody else wrote meanwhile,
   * it runs again on what they wrote. `await session.atomic(s => { s.n = (s.n ?? 0) + 1 })` counts exactly.
   * @returns what `change` returned
   * @throws SessionInterrupted when the session was deleted meanwhile
   */
  atomic<T>(change: (session: Session) => T | Promise<T>): Promise<T> {
    this.#accessed = true
    return this.#kept.atomic(() => change(this as unknown as Session))
  }

  /** Keeps the content under a new key; what was kept under an earlier one stays where it is. */
  async create(): Promise<void> {
    await this.#kept.insert()
    this.#touched()
  }

  /** Deletes what is stored under the session's key, or another. The content here stays as it is. */
  async delete(key: string | null = this.sessionKey): Promise<void> {
    if (key !== null && isSessionKey(key)) await this.#kept.store.delete(key)
  }

  /** Whether a store keeps something under a key. */
  async exists(key: string): Promise<boolean> {
    const { store } = this.#kept
    if (!isSessionKey(key)) return false
    return store.exists === undefined ? (await store.load(key)) !== undefined : store.exists(key)
  }

  /** Ends the session: its content, what is stored, its key. The next change starts a new one. */
  async flush(): Promise<void> {
    await this.delete()
    this.#kept.end()
    this.#touched()
  }

  /**
   * Moves the content to a new key, so that whoever knew the old one knows nothing: for logins.
   * @throws SessionInterrupted when the session was deleted meanwhile: a logout wins
   */
  async cycleKey(): Promise<void> {
    await this.#kept.cycleKey()
    this.#touched()
  }

  #touched(): void {
    this.#accessed = true
    this.#modified = true
  }

  #open(): SessionDict {
    this.#accessed = true
    return this.#kept.open()
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
  'fetch',
  'load',
  'save',
  'create',
  'delete',
  'flush',
  'cycleKey',
])
