/** Gathers what waits to be done, so that it travels together: one statement or transaction for many requests. */
import { flushTick, onTickEnd } from './event_loop.ts'

/** What became of a job: its answer, or the error that is its alone. */
export type JobResult<Answer> = { readonly answer: Answer } | { readonly error: unknown }

export interface BatcherOptions<Job, Answer> {
  /** Does the jobs together and answers each, in their order. */
  readonly runBatch: (jobs: readonly Job[]) => Promise<readonly JobResult<Answer>[]>
  /** Jobs of one key never go together, but one after the other. */
  readonly keyOf?: (job: Job) => string
  /** Whether an error is everybody's. After any other, each job is done by itself, so that a bad one fails alone. */
  readonly isBatchError: (error: unknown) => boolean
  /** How many groups may be on their way at once. */
  readonly maxConcurrentBatches: number
  /** How many jobs may go together. */
  readonly maxBatchSize: number
  /** Whether the work is this process's own, and done in the turn in which it begins. */
  readonly isLocal?: boolean
  /** Whether a small group costs little, so that it goes where a turn is ended early, and not only at its end. */
  readonly flushEarly?: boolean
}

interface QueuedJob<Job, Answer> {
  readonly job: Job
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** Milliseconds after which nobody waits for a group that is on its way: a row may be locked, a connection dead. */
const MAX_HOLD_MS = 20

/**
 * Jobs of one turn of the event loop go together, and so do those that come while all slots are taken, or while fewer
 * wait than are on their way: a small group costs as much as a large one.
 */
export class Batcher<Job, Answer> {
  readonly #options: BatcherOptions<Job, Answer>
  #waiting: QueuedJob<Job, Answer>[] = []
  #running = 0
  /** Jobs on their way, for as long as others wait for them. */
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

  /** Looks for work at the end of this turn, when all that it brings has come. */
  #wake(): void {
    const waiting = this.#waiting.length
    if (this.#isDue || waiting === 0 || waiting < this.#underWay || this.#running >= this.#options.maxConcurrentBatches)
      return
    this.#isDue = true
    const { flushEarly = false } = this.#options
    const begin = flushEarly ? onTickEnd : setImmediate
    begin(() => {
      this.#isDue = false
      void this.#send(this.#take())
    })
  }

  /** Those that go next. */
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
    this.#running++
    const release = this.#holdUp(group.length)
    this.#wake()
    try {
      await this.#settle(group)
    } finally {
      this.#running--
      release()
      this.#wake()
    }
  }

  /** Lets a smaller group than this wait, until the function that is returned is called, and not for long. */
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
