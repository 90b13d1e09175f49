/** What can go wrong with a session. */
import { BadRequest, ServiceUnavailable, SuspiciousOperation } from '#core/exceptions'

export { SessionNotLoaded } from '#core/exceptions'

/** The session was deleted while this request ran, and what the request changed in it has nowhere to go. */
export class SessionInterrupted extends BadRequest {
  constructor(
    options?: ErrorOptions,
    message = "The request's session was deleted before the request completed. " +
      'The user may have logged out in a concurrent request, for example.',
  ) {
    super(message, options)
  }
}

/** The request came with a session key from before a login or another rotation, so its changes belong to no session. */
export class SessionMoved extends SessionInterrupted {
  constructor() {
    super(
      undefined,
      "The request's session got a new key in a concurrent request, such as a login. Nothing was saved. " +
        'The same request with the new cookie will succeed.',
    )
  }
}

/** A session was started, moved or changed when its cookie could no longer be sent. */
export class SessionSent extends Error {
  override readonly name = 'SessionSent'

  constructor() {
    super(
      'The response was sent, so its session can no longer get a new cookie. Before the response, change the session,' +
        ' or start it by saving something in it. A stream or a timer may then change an existing session on the server.',
    )
  }
}

/** A session key with characters that no key has. */
export class InvalidSessionKey extends SuspiciousOperation {}

/** A store says: the stored session is no longer the version that was read. */
export class SessionConflict extends Error {
  override readonly name = 'SessionConflict'
}

/** A store says: there is no such session, or no longer. */
export class SessionGone extends Error {
  override readonly name = 'SessionGone'
}

/** The stored session contains more than plain data. It must not be overwritten. */
export class SessionUnreadable extends Error {
  override readonly name = 'SessionUnreadable'

  /** @param found what was found, and where */
  constructor(found: string, options?: ErrorOptions) {
    super(
      `A session cannot be read, and was left as it is. ${found} Whoever shares sessions with this site should keep` +
        ' in them what JSON can hold, as Django does with its JSONSerializer.',
      options,
    )
  }
}

/** Another transaction of the database holds the row of a session. The store itself works. */
export class SessionLocked extends ServiceUnavailable {
  constructor() {
    super('A session could not be saved in time, because another transaction of the database locks its row.')
  }
}

/** Why a session may not exceed the size of its place. */
const BEYOND = { cookie: 'browsers keep no more than', file: 'a file is not read if it has more than' } as const

/** The session does not fit into its cookie, which the browser would drop without a word, or its file. */
export class SessionTooBig extends Error {
  override readonly name = 'SessionTooBig'

  /** @param size in bytes */
  constructor(
    size: number,
    most: number,
    data: Readonly<Record<string, unknown>>,
    place: keyof typeof BEYOND = 'cookie',
  ) {
    const sizes = Object.entries(data)
      .map(([key, value]) => [key, JSON.stringify(value, shortened).length] as const)
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, 3)
      .map(([key, length]) => `${key} (${length})`)
    super(
      `The session's ${place} would have ${size} bytes, and ${BEYOND[place]} ${most}. Its largest keys: ${sizes.join(', ')}.` +
        ` Keep less in the session${place === 'cookie' ? ', or use an engine that keeps it on the server' : ''}.`,
    )
  }
}

const shortened = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
