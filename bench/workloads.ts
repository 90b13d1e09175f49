/** What is asked of a server: five kinds of work, with the address and the answer of each. */

export interface Work {
  readonly path: string
  /** Whether the requests carry cookies of sessions that were there before. */
  readonly knowsVisitors: boolean
}

export const WORKS = {
  /** Answers. */
  hello: { path: '/hello', knowsVisitors: false },
  /** Gets a session's cookie and does not look at it. */
  untouched: { path: '/hello', knowsVisitors: true },
  /** Loads the session and answers with its count. */
  read: { path: '/read', knowsVisitors: true },
  /** Loads the session, adds one, saves it, answers with the count. */
  counter: { path: '/counter', knowsVisitors: true },
  /** The counter for somebody without a session: makes one. */
  cold: { path: '/counter', knowsVisitors: false },
} as const satisfies Record<string, Work>

export type WorkName = keyof typeof WORKS

export const HELLO = 'Hello, world'
