/** A client of one server: connected on first use, given up after a timeout, and connected again after it was lost. */
import type { ServiceUnavailable } from '#core/exceptions'
import { Deadline } from '#core/concurrency'
import type { Outage } from './errors.ts'

/** How to connect to a server, and how to close the connection. */
export interface Dialer<Client> {
  /** What has to be loaded before the first connection. The time for it does not count as the server's. */
  prepare?(): Promise<void> | undefined
  /**
   * Connects. Rejects if the server cannot be reached.
   * @param lost called if the connection is lost later
   * @param givenUp aborts the attempt to connect
   */
  open(lost: () => void, givenUp: AbortSignal): Promise<Client>
  /** Closes a client immediately. Its pending operations reject. */
  close(client: Client): void
  /**
   * Classifies an error: the caller's mistake, a refusal by the server, a refusal by a server that is no longer the one to
   * write to, the client was closed because of another operation, or the server cannot be reached.
   */
  blame(error: unknown): 'caller' | 'refusal' | 'demoted' | 'interruption' | 'outage'
  /** Whether the client reconnects by itself. It is then kept after a failure. */
  readonly healsItself?: boolean
  /**
   * Whether another client takes the place of one that did not respond in time, as soon as it is connected. A client that
   * reconnects by itself does so when a connection is closed, and may not notice that one is silent.
   */
  readonly replacesSilent?: boolean
  /**
   * Whether only one caller at a time tries a client that is kept, after it did not respond in time. The others fail
   * immediately instead of waiting for the timeout, too.
   */
  readonly pausesAfterSilence?: boolean
}

interface Attempt<Client> {
  readonly opening: Promise<Client>
  readonly abort: AbortController
  client?: Client
  /** Whether `close` ended it, and no failure. */
  isClosed?: boolean
}

/** Milliseconds of the first pause between two attempts to connect, and of the longest. */
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 500

/** Milliseconds between two replacements of a client whose server takes no writes. */
const DEMOTED_PAUSE = 500

export class ReconnectingClient<Client> {
  readonly #dialer: Dialer<Client>
  readonly #outage: Outage
  readonly #deadline: Deadline
  readonly #seconds: number
  #attempt: Attempt<Client> | undefined
  /** The attempt that is to take the place of `#attempt`. */
  #replacement: Attempt<Client> | undefined
  readonly #retired = new Set<Client>()
  #demotedAt = Number.NEGATIVE_INFINITY
  #failure: { readonly error: unknown; readonly times: number; readonly retryAt: number } | undefined

  /** @param seconds timeout of an operation, connecting included */
  constructor(dialer: Dialer<Client>, outage: Outage, seconds: number) {
    this.#dialer = dialer
    this.#outage = outage
    this.#seconds = seconds
    this.#deadline = new Deadline(seconds * 1000)
  }

  /**
   * Calls `work` with a connected client and returns its result.
   * @param isRead whether `work` changes nothing: it is then repeated once if another operation closed the client
   * @throws ServiceUnavailable if the server cannot be reached, does not respond, or refuses; or if the outcome is unknown
   */
  async run<T>(work: (client: Client) => Promise<T>, isRead = false): Promise<T> {
    const preparing = this.#dialer.prepare?.()
    if (preparing !== undefined) await preparing
    const { failures } = this.#outage
    const kind = isRead ? 'read' : 'write'
    let attempt = this.#take()
    const silent = (): ServiceUnavailable => {
      const error = new Error(`no response within ${this.#seconds} seconds`)
      this.#fail(attempt, error, this.#dialer.pausesAfterSilence)
      if (this.#dialer.replacesSilent === true) void this.#replace(attempt)
      return this.#outage.began(error)
    }
    const again = (): Promise<T> => this.#work((attempt = this.#take()), kind, work)
    const result = await this.#deadline.race(this.#work(attempt, kind, work, isRead ? again : undefined), silent)
    this.#outage.ended(kind, failures)
    return result
  }

  async #work<T>(
    attempt: Attempt<Client>,
    kind: 'read' | 'write',
    work: (client: Client) => Promise<T>,
    again?: () => Promise<T>,
  ): Promise<T> {
    try {
      const result = await work(attempt.client ?? (await attempt.opening))
      this.#failure = undefined
      return result
    } catch (error) {
      if (attempt.isClosed) throw this.#outage.failed(error)
      const blame = this.#dialer.blame(error)
      if (blame === 'outage') {
        this.#fail(attempt, error)
        throw this.#outage.began(error)
      }
      if (blame === 'interruption') {
        if (again !== undefined) return await again()
        throw this.#outage.failed(error)
      }
      // The server responded, so the outage is over.
      this.#failure = undefined
      if (blame === 'caller') throw error
      if (blame === 'demoted') this.#leave(attempt)
      throw this.#outage.began(error, kind)
    }
  }

  /** The current connection or attempt to connect, or a new one. */
  #take(): Attempt<Client> {
    const attempt = this.#attempt
    const failure = this.#failure
    if (failure === undefined) return attempt ?? (this.#attempt = this.#open())
    // After a failure, one caller at a time tries again; the others fail immediately. A connection alone does not end
    // the outage: the kernel accepts connections for a process that is stopped.
    const isKept = attempt?.client !== undefined && this.#dialer.pausesAfterSilence === true
    if ((attempt !== undefined && !isKept) || performance.now() < failure.retryAt) {
      throw this.#outage.began(failure.error)
    }
    if (attempt === undefined) return (this.#attempt = this.#open())
    this.#failure = { ...failure, retryAt: performance.now() + this.#seconds * 1000 }
    return attempt
  }

  /** Opens another client, which takes the place of this one when it is connected. */
  async #replace(attempt: Attempt<Client>): Promise<void> {
    if (this.#attempt !== attempt || attempt.client === undefined || this.#replacement !== undefined) return
    const replacement = (this.#replacement = this.#open())
    try {
      await this.#deadline.race(replacement.opening, () => new Error('no connection'))
      if (this.#replacement !== replacement) return
      this.#retire()
      this.#attempt = replacement
    } catch {
      replacement.abort.abort()
    } finally {
      if (this.#replacement === replacement) this.#replacement = undefined
    }
  }

  /** The server is no longer the one to write to: the next operation connects again. */
  #leave(attempt: Attempt<Client>): void {
    const now = performance.now()
    if (this.#attempt !== attempt || now - this.#demotedAt < DEMOTED_PAUSE) return
    this.#demotedAt = now
    if (this.#dialer.healsItself === true) void this.#replace(attempt)
    else this.#retire()
  }

  /** Lets the operations in progress end before the client is closed. */
  #retire(): void {
    const client = this.#attempt?.client
    this.#attempt = undefined
    if (client === undefined) return
    this.#retired.add(client)
    setTimeout(() => {
      if (this.#retired.delete(client)) this.#dialer.close(client)
    }, this.#seconds * 1000).unref()
  }

  #open(): Attempt<Client> {
    const abort = new AbortController()
    const lost = (): void => {
      if (this.#attempt === attempt) this.#drop()
    }
    const attempt: Attempt<Client> = { abort, opening: this.#dialer.open(lost, abort.signal) }
    const { opening } = attempt
    opening.then(
      (client) => {
        if (this.#attempt !== attempt && this.#replacement !== attempt) return this.#dialer.close(client)
        attempt.client = client
      },
      (error: unknown) => this.#fail(attempt, error),
    )
    return attempt
  }

  /** @param pauses whether a client that is kept is not used for a while */
  #fail(attempt: Attempt<Client>, error: unknown, pauses = false): void {
    if (this.#attempt !== attempt) return
    const isKept = this.#dialer.healsItself === true && attempt.client !== undefined
    if (isKept && !pauses) return
    const times = this.#failure?.times ?? 0
    const pause = Math.min(FIRST_PAUSE * 2 ** times, LONGEST_PAUSE)
    this.#failure = { error, times: times + 1, retryAt: performance.now() + pause }
    if (!isKept) this.#drop()
  }

  #drop(): void {
    const attempt = this.#attempt
    this.#attempt = undefined
    if (attempt?.client !== undefined) this.#dialer.close(attempt.client)
    else attempt?.abort.abort()
  }

  /** Closes the connection. A later `run` opens another. */
  close(): void {
    if (this.#attempt !== undefined) this.#attempt.isClosed = true
    this.#drop()
    this.#replacement?.abort.abort()
    this.#replacement = undefined
    for (const client of this.#retired) this.#dialer.close(client)
    this.#retired.clear()
    this.#failure = undefined
  }
}

/** The seconds of OPTIONS.timeout, 1 by default. Django's clients take seconds, too. */
export function timeoutOf(options: Readonly<Record<string, unknown>>): number {
  const seconds = Number(options.timeout ?? 1)
  return seconds > 0 && Number.isFinite(seconds) ? seconds : 1
}
