/** The types of a session's content, which a project declares. */

/**
 * Marks a name that is a method or property of every session. Content under such a name is reached by
 * `session.get('items')` and `session.set('items', value)`, and has no type of its own.
 */
export interface ReservedSessionName {
  readonly useGetAndSetForThisName: never
}

/**
 * Names and types of the content of a project's sessions.
 *
 * The names below are reserved. Declaring one of them with another type is an error of the compiler at the line of that
 * declaration.
 * @example declare module '#core/contrib/sessions' { interface SessionData { num_visits?: number } }
 */
export interface SessionData {
  accessed?: ReservedSessionName
  atomic?: ReservedSessionName
  clear?: ReservedSessionName
  constructor?: ReservedSessionName
  create?: ReservedSessionName
  cycleKey?: ReservedSessionName
  delete?: ReservedSessionName
  deleteTestCookie?: ReservedSessionName
  exists?: ReservedSessionName
  flush?: ReservedSessionName
  get?: ReservedSessionName
  getExpireAtBrowserClose?: ReservedSessionName
  getExpiryAge?: ReservedSessionName
  getExpiryDate?: ReservedSessionName
  getSessionCookieAge?: ReservedSessionName
  has?: ReservedSessionName
  isEmpty?: ReservedSessionName
  items?: ReservedSessionName
  keys?: ReservedSessionName
  load?: ReservedSessionName
  modified?: ReservedSessionName
  pop?: ReservedSessionName
  remove?: ReservedSessionName
  save?: ReservedSessionName
  sessionKey?: ReservedSessionName
  set?: ReservedSessionName
  setDefault?: ReservedSessionName
  setExpiry?: ReservedSessionName
  setTestCookie?: ReservedSessionName
  testCookieWorked?: ReservedSessionName
  then?: ReservedSessionName
  toJSON?: ReservedSessionName
  update?: ReservedSessionName
  values?: ReservedSessionName
}

/** The content that a project declared, without the reserved names. */
export type SessionContent = {
  [K in keyof SessionData as [SessionData[K]] extends [ReservedSessionName | undefined] ? never : K]: SessionData[K]
}

/** The type of the value under a key: what the project declared, or `unknown`. */
export type SessionValue<K extends string> = K extends keyof SessionContent
  ? Exclude<SessionContent[K], undefined>
  : unknown

/** What `get(key)` returns: `undefined` for a key that is not there. */
export type FoundValue<K extends string> = K extends keyof SessionContent ? SessionValue<K> | undefined : unknown
