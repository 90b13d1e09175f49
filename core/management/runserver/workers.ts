/** The worker processes that run one version of the code. */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { type FromWorker, isMessage, REPLACE_GRACE, type ToWorker, WORKER_FLAG } from './worker.ts'

// A worker as the supervisor sees it: a process with a few states, and promises for them.

/** A worker ended before it was ready. What went wrong it has printed itself. */
export class WorkerFailed extends Error {
  override readonly name = 'WorkerFailed'
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`The server's process ended with code ${exitCode} before it was ready.`)
    this.exitCode = exitCode
  }
}

export class WorkerProcess {
  readonly #worker: Worker
  readonly #states = new Set<FromWorker['nuages']>()
  #exitCode: number | undefined
  /** Done when the process has ended. */
  readonly ended: Promise<number>

  constructor() {
    this.#worker = cluster.fork({ [WORKER_FLAG]: 'true' })
    this.#worker.on('message', (message: unknown) => {
      if (isMessage(message)) this.#states.add((message as FromWorker).nuages)
    })
    this.ended = once(this.#worker, 'exit').then(([code]) => {
      this.#exitCode = typeof code === 'number' ? code : 1
      return this.#exitCode
    })
  }

  get isAlive(): boolean {
    return this.#exitCode === undefined
  }

  /** @throws WorkerFailed when the process ends first */
  async reaches(state: FromWorker['nuages']): Promise<void> {
    while (!this.#states.has(state)) {
      if (this.#exitCode !== undefined) throw new WorkerFailed(this.#exitCode)
      await Promise.race([once(this.#worker, 'message'), this.ended])
    }
  }

  tell(message: ToWorker): void {
    // The end of a process is reported by `ended`.
    if (this.#worker.isConnected()) this.#worker.send(message, () => {})
  }

  kill(): void {
    if (this.isAlive) this.#worker.process.kill('SIGKILL')
  }
}

export class Generation {
  readonly workers: readonly WorkerProcess[]

  /** @param spare a worker that is warm already */
  constructor(count: number, spare?: WorkerProcess) {
    const first = spare?.isAlive ? [spare] : []
    this.workers = [...first, ...Array.from({ length: count - first.length }, () => new WorkerProcess())]
  }

  /** Done when every worker has loaded the framework. @throws WorkerFailed when one has ended */
  async warm(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.reaches('warm')))
  }

  /** Loads the project and opens the port in every worker. @throws WorkerFailed when one cannot */
  async start(): Promise<void> {
    await Promise.all(
      this.workers.map(async (worker, i) => {
        worker.tell({ nuages: 'go', announces: i === 0 })
        await worker.reaches('ready')
      }),
    )
  }

  /** Whether any of the workers still runs. */
  get isAlive(): boolean {
    return this.workers.some((worker) => worker.isAlive)
  }

  /** Resolves with the exit code of the first worker that ends. */
  firstEnd(): Promise<number> {
    return Promise.race(this.workers.map((worker) => worker.ended))
  }

  /** Answers what came in, then ends. */
  async stop(grace = 0): Promise<void> {
    for (const worker of this.workers) worker.tell({ nuages: 'stop', grace })
    await Promise.all(this.workers.map((worker) => worker.ended))
  }

  /** Makes way for a newer generation, whose workers hold the port by now. */
  retire(): Promise<void> {
    return this.stop(REPLACE_GRACE)
  }

  kill(): void {
    for (const worker of this.workers) worker.kill()
  }
}
