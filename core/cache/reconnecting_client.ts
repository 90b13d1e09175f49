/** The way to one server: opened when it is needed, given up when it is silent, opened again when it was lost. */
import type { ServiceUnavailable } from '#core/exceptions'
import { Deadline } from '#core/concurrency'
import type { Outage } from './errors.ts'

/** How a client of a server is made and ended. */
export interface Dialer<Client> {
  /** What has to be loaded before the first connection, and does not count as the server's time. */
  prepare?(): Promise<void> | undefined
  /**
   * Connects. Rejects when that is impossible.
   * @param lost to be called when the connection is gone later on
   * @param givenUp ends the try
   */
  open(lost: () => void, givenUp: AbortSignal): Promise<Client>
  /** Ends a client at once; what it still has to do rejects. */
  close(client: Client): void
  /**
   * What an error says: the caller's fault, the server's refusal to do it now, that the client was closed because of
   * another operation, or that the server is not there.
   */
  blame(error: unknown): 'caller' | 'refusal' | 'interruption' | 'outage'
  /** Whether the client finds its servers again by itself: it is then kept when one of them fails. */
  readonly healsItself?: boolean
}

interface Attempt<Client> {
  readonly opening: Promise<Client>
  readonly abort: AbortController
  client?: Client
  /** Whether we ended it ourselves, without a need. */
  isClosed?: boolean
}

/** Milliseconds of the first pause between two tries to connect, and of the longest. */
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 500

export class ReconnectingClient<Client> {
  readonly #dialer: Dialer<Client>
  readonly #outage: Outage
  readonly #deadline: Deadline
  readonly #seconds: number
  #attempt: Attempt<Client> | undefined
  #failure: { readonly error: unknown; readonly times: number; readonly retryAt: number } | undefined

  /** @param seconds that an operation may take, connecting included */
  constructor(dialer: Dialer<Client>, outage: Outage, seconds: number) {
    this.#dialer = dialer
    this.#outage = outage
    this.#seconds = seconds
    this.#deadline = new Deadline(seconds * 1000)
  }

  /**
   * What `work` does with a connected client.
   * @param isRead whether it changes nothing: it is then done once more where another operation closed the client
   * @throws ServiceUnavailable when the server is not there, is silent, or refuses; or when it is not known what it did
   */
  async run<T>(work: (client: Client) => Promise<T>, isRead = false): Promise<T> {
    const preparing = this.#dialer.prepare?.()
    if (preparing !== undefined) await preparing
    let attempt = this.#take()
    const silent = (): ServiceUnavailable => {
      const error = new Error(`no answer within ${this.#seconds} seconds`)
      this.#fail(attempt, error)
      return this.#outage.began(error)
    }
    const again = (): Promise<T> => this.#work((attempt = this.#take()), work)
    const result = await this.#deadline.race(this.#work(attempt, work, isRead ? again : undefined), silent)
    this.#outage.ended()
    return result
  }

  async #work<T>(attempt: Attempt<Client>, work: (client: Client) => Promise<T>, again?: () => Promise<T>): Promise<T> {
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
      // It is an answer, after all.
      this.#failure = undefined
      throw blame === 'refusal' ? this.#outage.refused(error) : error
    }
  }

  /** The connection, or the try to get one that this caller makes or shares. */
  #take(): Attempt<Client> {
    const attempt = this.#attempt
    const failure = this.#failure
    if (failure === undefined) return attempt ?? (this.#attempt = this.#open())
    // After a failure one caller tries at a time, now and then; the others are not made to wait for it. A connection
    // proves nothing yet: the kernel accepts them for a process that stands still.
    if (attempt !== undefined || performance.now() < failure.retryAt) throw this.#outage.began(failure.error)
    return (this.#attempt = this.#open())
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
        if (this.#attempt !== attempt) return this.#dialer.close(client)
        attempt.client = client
      },
      (error: unknown) => this.#fail(attempt, error),
    )
    return attempt
  }

  #fail(attempt: Attempt<Client>, error: unknown): void {
    if (this.#attempt !== attempt || (this.#dialer.healsItself === true && attempt.client !== undefined)) return
    const times = this.#failure?.times ?? 0
    const pause = Math.min(FIRST_PAUSE * 2 ** times, LONGEST_PAUSE)
    this.#failure = { error, times: times + 1, retryAt: performance.now() + pause }
    this.#drop()
  }

  #drop(): void {
    const attempt = this.#attempt
    this.#attempt = undefined
    if (attempt?.client !== undefined) this.#dialer.close(attempt.client)
    else attempt?.abort.abort()
  }

  /** Lets go of the connection. A later `run` opens another. */
  close(): void {
    if (this.#attempt !== undefined) this.#attempt.isClosed = true
    this.#drop()
    this.#failure = undefined
  }
}

/** The seconds of OPTIONS.timeout; Django's clients take it in seconds, too. */
export function timeoutOf(options: Readonly<Record<string, unknown>>): number {
  const seconds = Number(options.timeout ?? 1)
  return seconds > 0 && Number.isFinite(seconds) ? seconds : 1
}
