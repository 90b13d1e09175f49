/** Limits how many passwords are hashed concurrently, so that file access and DNS lookups find a free thread. */
import { availableParallelism } from 'node:os'
import { settings } from '#core/conf'
import { ServiceUnavailable } from '#core/exceptions'

/** libuv's default and maximum. */
const DEFAULT_THREADS = 4
const MAX_THREADS = 1024

/** Retry-After of a rejected request, in seconds. */
const RETRY_AFTER = 10

/**
 * The size of libuv's thread pool, parsed as libuv does: a value that is not a number counts as 1.
 * @param value value of the environment variable UV_THREADPOOL_SIZE
 */
export function threadPoolSize(value = process.env.UV_THREADPOOL_SIZE): number {
  if (value === undefined) return DEFAULT_THREADS
  const size = Number.parseInt(value, 10)
  if (Number.isNaN(size) || size === 0) return 1
  // libuv stores it unsigned, so a negative number becomes a large one.
  return size < 0 ? MAX_THREADS : Math.min(size, MAX_THREADS)
}

/** How many hashes may run concurrently: half of the threads, and at most one per core. */
export const hashingConcurrency = (threads = threadPoolSize(), cores = availableParallelism()): number =>
  Math.max(1, Math.min(Math.floor(threads / 2), cores))

/** The error for a request that does not fit into the queue. */
export const queueIsFull = (): ServiceUnavailable =>
  new ServiceUnavailable('As many passwords wait to be hashed as PASSWORD_HASHING_QUEUE allows.', {
    retryAfter: RETRY_AFTER,
  })

/** Runs a bounded number of jobs concurrently. Further jobs wait in order, in a queue of bounded length. */
export class HashingLimiter {
  readonly #concurrency: number
  readonly #maxWaiting: () => number
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** @param maxWaiting called whenever a job has to wait, so that it follows changes of a setting */
  constructor(concurrency: number, maxWaiting: () => number) {
    this.#concurrency = concurrency
    this.#maxWaiting = maxWaiting
  }

  /**
   * Runs `job` as soon as a slot is free. A job must not call `run` itself: it would wait for its own slot.
   * @throws ServiceUnavailable when the queue is full
   */
  async run<T>(job: () => Promise<T>): Promise<T> {
    await this.#acquire()
    try {
      return await job()
    } finally {
      this.#release()
    }
  }

  #acquire(): Promise<void> | undefined {
    if (this.#running < this.#concurrency) {
      this.#running++
      return undefined
    }
    if (this.#waiting.length < this.#maxWaiting()) return new Promise((resolve) => this.#waiting.push(resolve))
    throw queueIsFull()
  }

  /** Hands the slot to the job that has waited longest, so that no newer job takes it first. */
  #release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#running--
    else next()
  }
}

let limiter: HashingLimiter | undefined

/**
 * Calls `hash` as soon as a thread may be used for it. The limit is shared by the whole process.
 * @throws ServiceUnavailable if PASSWORD_HASHING_QUEUE jobs are already waiting
 */
export function whenThreadIsFree<T>(hash: () => Promise<T>): Promise<T> {
  limiter ??= new HashingLimiter(hashingConcurrency(), () => settings.PASSWORD_HASHING_QUEUE)
  return limiter.run(hash)
}
