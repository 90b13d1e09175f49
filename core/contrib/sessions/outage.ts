/** A session store that is down is an error of its own, within a deadline: never an empty session. */
import { settings } from '#core/conf'
import { isConnectionError } from '#core/db'
import { ServiceUnavailable } from '#core/exceptions'
import { attempt, Deadline, getLogger } from '#core/utils'
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

/** Stands before a store: every answer comes in time, and an outage is told as one. */
export class GuardedStore implements SessionStore {
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
        try {
          return this.#up(loadSync(key))
        } catch (error) {
          throw this.#told(error)
        }
      }
    }
    if (store.exists) {
      const exists = store.exists.bind(store)
      this.exists = (key) => this.#guard(() => exists(key))
    }
    // Clearing takes as long as it takes.
    if (store.clearExpired) this.clearExpired = store.clearExpired.bind(store)
  }

  #guard<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(this.#told(error))
      this.#deadline.follow(
        attempt(work),
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
    return this.#guard(() => this.#store.load(key))
  }

  create(record: SessionRecord): Promise<SavedSession> {
    return this.#guard(() => this.#store.create(record))
  }

  update(key: string, record: SessionRecord, version: string): Promise<SavedSession> {
    return this.#guard(() => this.#store.update(key, record, version))
  }

  delete(key: string, version?: string): Promise<boolean | void> {
    return this.#guard(() => this.#store.delete(key, version))
  }
}
