/** A session store that is down is an error of its own, within a deadline: never an empty session. */
import { settings } from '#core/conf'
import { isConnectionError } from '#core/db'
import { ServiceUnavailable } from '#core/exceptions'
import { Deadline, promiseTry } from '#core/concurrency'
import { getLogger } from '#core/utils'
import { SessionGone } from './exceptions.ts'
import { isSessionKey } from './keys.ts'
import type { LoadedSession, SavedSession, SessionRecord, SessionStore } from './store.ts'

const log = getLogger('django.contrib.sessions')

/** Whether an error says that the store is out of reach, rather than that we made a mistake. */
function isOutage(error: unknown): error is Error {
  if (error instanceof ServiceUnavailable || isConnectionError(error)) return true
  // A file system that is full, read-only, gone.
  const { code, syscall } = error as NodeJS.ErrnoException
  return typeof code === 'string' && syscall !== undefined
}

/** Why, without the statement that a driver's message repeats: there is session data in it. */
const reasonOf = (error: Error): string =>
  error instanceof ServiceUnavailable ? error.message : ((error as NodeJS.ErrnoException).code ?? error.name)

const unknownSession = Promise.resolve(undefined)

/** What an engine saved. @throws TypeError for a key under which the session would never be loaded */
function withUsableKey(saved: SavedSession): SavedSession {
  if (isSessionKey(typeof saved === 'string' ? saved : saved.key)) return saved
  throw new TypeError('create() of the session engine returned a key that is not 8 to 4096 visible ASCII characters.')
}

/**
 * Wraps a store: every call ends in time, an outage is reported as one, and a string that cannot be a key is an unknown
 * session, for which the store is not called.
 */
export class TimeoutStore implements SessionStore {
  readonly #store: SessionStore
  readonly #deadline: Deadline
  readonly #late: () => Error
  #down = false

  readonly loadSync?: (key: string) => LoadedSession | undefined
  readonly exists?: (key: string) => Promise<boolean>
  readonly clearExpired?: () => Promise<number>

  constructor(store: SessionStore) {
    this.#store = store
    const seconds = settings.SESSION_STORE_TIMEOUT
    this.#deadline = new Deadline(seconds * 1000)
    this.#late = () => new ServiceUnavailable(`The session store did not answer within ${seconds} seconds.`)
    if (store.loadSync) {
      const { loadSync } = { loadSync: store.loadSync.bind(store) }
      this.loadSync = (key) => {
        if (!isSessionKey(key)) return undefined
        try {
          return this.#up(loadSync(key))
        } catch (error) {
          throw this.#told(error)
        }
      }
    }
    if (store.exists) {
      const exists = store.exists.bind(store)
      this.exists = (key) => this.#guard(async () => isSessionKey(key) && exists(key))
    }
    // Clearing takes as long as it takes.
    if (store.clearExpired) this.clearExpired = store.clearExpired.bind(store)
  }

  #guard<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(this.#told(error))
      this.#deadline.follow(
        promiseTry(work),
        (answer) => resolve(this.#up(answer)),
        fail,
        () => fail(this.#late()),
      )
    })
  }

  #up<T>(answer: T): T {
    if (this.#down) log.warning('The session store is available again.')
    this.#down = false
    return answer
  }

  /** The error as the handlers want it. The first of an outage is logged with what lies behind it. */
  #told(error: unknown): unknown {
    if (!isOutage(error)) return error
    const message = `The session store is not available: ${reasonOf(error)}`
    if (!this.#down) log.error(message)
    this.#down = true
    return new ServiceUnavailable(message, { cause: error })
  }

  load(key: string): Promise<LoadedSession | undefined> {
    return this.#guard(() => (isSessionKey(key) ? this.#store.load(key) : unknownSession))
  }

  create(record: SessionRecord): Promise<SavedSession> {
    return this.#guard(() => this.#store.create(record).then(withUsableKey))
  }

  update(key: string, record: SessionRecord, version: string): Promise<SavedSession> {
    return this.#guard(() => {
      if (!isSessionKey(key)) throw new SessionGone()
      return this.#store.update(key, record, version)
    })
  }

  delete(key: string, version?: string): Promise<boolean | void> {
    return this.#guard(async () => isSessionKey(key) && this.#store.delete(key, version))
  }
}
