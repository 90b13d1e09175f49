/** Collects jobs into batches: one statement or transaction for many requests, sent at the end of a tick. */

/** The result of one job: a value, or an error of this job alone. */
export type JobResult<Answer> = { readonly answer: Answer } | { readonly error: unknown }

export interface BatcherOptions<Job, Answer> {
  /** Runs the jobs of a batch. Returns a result for each, in their order. */
  readonly runBatch: (jobs: readonly Job[]) => Promise<readonly JobResult<Answer>[]>
  /** Jobs with the same key are never in one batch, but run one after the other. */
  readonly keyOf?: (job: Job) => string
  /** Whether the error fails the whole batch (for example, a lost connection). After any other error, the jobs are retried one by one. */
  readonly isBatchError: (error: unknown) => boolean
  /** How many batches may be in flight. */
  readonly maxConcurrentBatches: number
  /** How many jobs a batch may have. */
  readonly maxBatchSize: number
  /** Whether the work is done by this process, within one tick. */
  readonly isLocal?: boolean
  /** Whether a small batch is cheap, so that it is sent when the tick is flushed, and not only at its end. */
  readonly flushEarly?: boolean
}

interface QueuedJob<Job, Answer> {
  readonly job: Job
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** Milliseconds after which jobs no longer wait for a batch in flight: a row may be locked, or a connection dead. */
const MAX_HOLD_MS = 20

/** Milliseconds after which a batch in flight no longer takes one of the places of `maxConcurrentBatches`. */
const MAX_PLACE_MS = 50

/** How many more batches than usual may be in flight when they take longer than that. */
const MORE_PLACES = 4

/**
 * Jobs of one tick form a batch. So do jobs that arrive while the maximum number of batches is in flight, or while fewer
 * jobs wait than are in flight: a small batch costs as much as a large one.
 */
export class Batcher<Job, Answer> {
  readonly #options: BatcherOptions<Job, Answer>
  #waiting: QueuedJob<Job, Answer>[] = []
  /** Batches that take a place, and all batches in flight. */
  #running = 0
  #inFlight = 0
  /** Jobs in flight, while others wait for them. */
  #underWay = 0
  #isDue = false

  constructor(options: BatcherOptions<Job, Answer>) {
    this.#options = options
  }

  do(job: Job): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject })
      this.#wake()
    })
  }

  /** Starts a batch at the end of this tick, when all its jobs have arrived. */
  #wake(): void {
    const waiting = this.#waiting.length
    const { maxConcurrentBatches: places } = this.#options
    const isFull = this.#running >= places || this.#inFlight >= places * MORE_PLACES
    if (this.#isDue || waiting === 0 || waiting < this.#underWay || isFull) return
    this.#isDue = true
    const { flushEarly = false } = this.#options
    const begin = flushEarly ? onTickEnd : setImmediate
    begin(() => {
      this.#isDue = false
      void this.#send(this.#take())
    })
  }

  /** The jobs of the next batch. */
  #take(): QueuedJob<Job, Answer>[] {
    const { keyOf, maxBatchSize } = this.#options
    if (keyOf === undefined) return this.#waiting.splice(0, maxBatchSize)
    const keys = new Set<string>()
    const taken: QueuedJob<Job, Answer>[] = []
    const left: QueuedJob<Job, Answer>[] = []
    for (const each of this.#waiting) {
      const key = keyOf(each.job)
      if (taken.length >= maxBatchSize || keys.has(key)) left.push(each)
      else {
        keys.add(key)
        taken.push(each)
      }
    }
    this.#waiting = left
    return taken
  }

  async #send(group: readonly QueuedJob<Job, Answer>[]): Promise<void> {
    this.#inFlight++
    const release = this.#holdUp(group.length)
    const leave = this.#takePlace()
    this.#wake()
    try {
      await this.#settle(group)
    } finally {
      this.#inFlight--
      leave()
      release()
      this.#wake()
    }
  }

  /** Lets smaller batches wait until the returned function is called, at most MAX_HOLD_MS. */
  #holdUp(jobs: number): () => void {
    this.#underWay += jobs
    let isWaitedFor = true
    const release = (): void => {
      clearTimeout(patience)
      if (isWaitedFor) this.#underWay -= jobs
      isWaitedFor = false
    }
    const patience = setTimeout(() => {
      release()
      this.#wake()
    }, MAX_HOLD_MS)
    return release
  }

  /** Takes a place until the returned function is called, at most MAX_PLACE_MS. */
  #takePlace(): () => void {
    this.#running++
    let isTaken = true
    const leave = (): void => {
      clearTimeout(patience)
      if (isTaken) this.#running--
      isTaken = false
    }
    const patience = setTimeout(() => {
      leave()
      this.#wake()
    }, MAX_PLACE_MS)
    return leave
  }

  async #settle(group: readonly QueuedJob<Job, Answer>[]): Promise<void> {
    const { runBatch, isBatchError, isLocal = false } = this.#options
    try {
      const outcomes = await runBatch(group.map(({ job }) => job))
      for (const [i, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[i] as JobResult<Answer>
        if ('error' in outcome) reject(outcome.error)
        else resolve(outcome.answer)
      }
      // What follows from a group is complete when its jobs have gone on, and is done best while it is at hand. Where this
      // process did the work itself, clients receive the answers of one group while it works on the next.
      if (!isLocal) flushTick()
    } catch (error) {
      if (group.length > 1 && !isBatchError(error)) for (const each of group) await this.#settle([each])
      else for (const { reject } of group) reject(error)
    }
  }
}

let callbacks: (() => void)[] | undefined
let end: Promise<void> | undefined

function runTickEnd(): void {
  const due = callbacks ?? []
  callbacks = undefined
  for (const work of due) work()
}

/** Calls `work` when the current tick ends or is flushed. */
export function onTickEnd(work: () => void): void {
  if (callbacks === undefined) {
    callbacks = []
    setImmediate(runTickEnd)
  }
  callbacks.push(work)
}

/** Resolves at the end of the current tick. All callers in one tick share the promise. */
export function tickEnd(): Promise<void> {
  return (end ??= new Promise((resolve) => {
    onTickEnd(() => {
      end = undefined
      resolve()
    })
  }))
}

/** Runs what waits for the end of the tick, as soon as the pending promise callbacks have run. */
export function flushTick(): void {
  // nextTick() callbacks that are added by a promise callback run after the last promise callback.
  process.nextTick(runTickEnd)
}

/** Calls `work`. A synchronous throw becomes a rejection, as with `Promise.try`. */
export function promiseTry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work()
  } catch (error) {
    return Promise.reject(error)
  }
}
