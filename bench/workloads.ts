/** The five workloads, with the path of each. */

export interface Work {
  readonly path: string
  /** Whether the requests have cookies of existing sessions. */
  readonly knowsVisitors: boolean
}

export const WORKS = {
  /** Returns a fixed response. */
  hello: { path: '/hello', knowsVisitors: false },
  /** Receives a session cookie, but does not access the session. */
  untouched: { path: '/hello', knowsVisitors: true },
  /** Loads the session and returns its count. */
  read: { path: '/read', knowsVisitors: true },
  /** Loads the session, adds one, saves it, and returns the count. */
  counter: { path: '/counter', knowsVisitors: true },
  /** The counter for a client without a session: creates one. */
  cold: { path: '/counter', knowsVisitors: false },
} as const satisfies Record<string, Work>

export type WorkName = keyof typeof WORKS

export const HELLO = 'Hello, world'
