/** Wraps the session store: a deadline for each call, and an outage as an error of its own, never as an empty session. */
import { Deadline, promiseTry } from '#core/concurrency'
import { settings } from '#core/conf'
import { isConnectionError } from '#core/db'
import { ServiceUnavailable } from '#core/exceptions'
import { getLogger, OutageLog } from '#core/utils'
import { SessionGone, SessionLocked } from './exceptions.ts'
import {
  canLoadSync,
  isSessionKey,
  type LoadedSession,
  type SavedSession,
  savedSession,
  type SessionRecord,
  type SessionStore,
  wasDeleted,
} from './store.ts'

const log = getLogger('django.contrib.sessions')

/** Whether an error means that the store cannot be reached, and not that the call was wrong. */
function isOutage(error: unknown): error is Error {
  if (error instanceof ServiceUnavailable || isConnectionError(error)) return true
  // A file system that is full, read-only or not mounted.
  const { code, syscall } = error as NodeJS.ErrnoException
  return typeof code === 'string' && syscall !== undefined
}

/** Leaves out the statement that a driver's message repeats, because it contains session data. */
const reasonOf = (error: Error): string =>
  error instanceof ServiceUnavailable ? error.message : ((error as NodeJS.ErrnoException).code ?? error.name)

const noSession = Promise.resolve(undefined)

/** @throws TypeError for a key under which the session could never be loaded */
function withUsableKey(saved: SavedSession): SavedSession {
  const checked = savedSession(saved)
  if (isSessionKey(checked.key)) return checked
  throw new TypeError('create() of the session engine returned a key that is not 8 to 4096 visible ASCII characters.')
}

type Kind = 'read' | 'write'

/** For a string that cannot be a key there is no session, and the wrapped store is not called. */
export class TimeoutStore implements SessionStore {
  readonly #store: SessionStore
  readonly #deadline: Deadline
  readonly #timeoutError: () => Error
  readonly #outage = new OutageLog<Kind>({
    began: (message) => log.error(message),
    ended: () => log.warning('The session store is available again.'),
  })

  readonly isInCookie?: boolean
  readonly loadSync?: (key: string) => LoadedSession | undefined
  readonly exists?: (key: string) => Promise<boolean>
  readonly clearExpired?: () => Promise<number>

  constructor(store: SessionStore) {
    this.#store = store
    const seconds = settings.SESSION_STORE_TIMEOUT
    this.#deadline = new Deadline(seconds * 1000)
    this.#timeoutError = () => new ServiceUnavailable(`The session store did not answer within ${seconds} seconds.`)
    if (store.isInCookie !== undefined) this.isInCookie = store.isInCookie
    if (canLoadSync(store))
      this.loadSync = (key) => (isSessionKey(key) ? this.#sync('read', () => store.loadSync(key)) : undefined)
    if (store.exists) {
      const exists = store.exists.bind(store)
      this.exists = (key) => this.#guard('read', async () => isSessionKey(key) && exists(key))
    }
    // Deleting all expired sessions may take longer than the deadline.
    if (store.clearExpired) this.clearExpired = store.clearExpired.bind(store)
  }

  #guard<T>(kind: Kind, work: () => Promise<T>): Promise<T> {
    const { failures } = this.#outage
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(this.#reported(kind, error))
      this.#deadline.follow(
        promiseTry(work),
        (result) => {
          this.#outage.succeeded(kind, failures)
          resolve(result)
        },
        fail,
        () => fail(this.#timeoutError()),
      )
    })
  }

  #sync<T>(kind: Kind, work: () => T): T {
    const { failures } = this.#outage
    try {
      const result = work()
      this.#outage.succeeded(kind, failures)
      return result
    } catch (error) {
      throw this.#reported(kind, error)
    }
  }

  /** The error as handlers expect it. The first error of an outage is logged with its reason. */
  #reported(kind: Kind, error: unknown): unknown {
    if (error instanceof SessionLocked || !isOutage(error)) return error
    const message = `The session store is not available: ${reasonOf(error)}`
    this.#outage.failed(kind, message)
    return new ServiceUnavailable(message, { cause: error })
  }

  load(key: string): Promise<LoadedSession | undefined> {
    return this.#guard('read', () => (isSessionKey(key) ? this.#store.load(key) : noSession))
  }

  create(record: SessionRecord): Promise<SavedSession> {
    return this.#guard('write', () => this.#store.create(record).then(withUsableKey))
  }

  update(key: string, record: SessionRecord, version: string): Promise<SavedSession> {
    return this.#guard('write', () => {
      if (!isSessionKey(key)) throw new SessionGone()
      return this.#store.update(key, record, version)
    })
  }

  delete(key: string, version?: string): Promise<boolean> {
    return this.#guard('write', async () => isSessionKey(key) && wasDeleted(await this.#store.delete(key, version)))
  }
}
