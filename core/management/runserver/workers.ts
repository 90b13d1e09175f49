/** The worker processes that run one version of the code. */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { type FromWorker, isMessage, REPLACE_GRACE, type ToWorker, WORKER_FLAG } from './worker.ts'

// A worker process and its states, as seen by the supervisor.

/** A worker ended before it was ready. It has already printed the reason. */
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
  /** Resolves with the exit code when the process has ended. */
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

  /** Waits for a state. @throws WorkerFailed if the process ends first */
  async reaches(state: FromWorker['nuages']): Promise<void> {
    while (!this.#states.has(state)) {
      if (this.#exitCode !== undefined) throw new WorkerFailed(this.#exitCode)
      await Promise.race([once(this.#worker, 'message'), this.ended])
    }
  }

  tell(message: ToWorker): void {
    // Send errors are ignored: `ended` reports the end of the process.
    if (this.#worker.isConnected()) this.#worker.send(message, () => {})
  }

  kill(): void {
    if (this.isAlive) this.#worker.process.kill('SIGKILL')
  }
}

export class Generation {
  readonly workers: readonly WorkerProcess[]

  /** @param spare a worker that has already loaded the framework */
  constructor(count: number, spare?: WorkerProcess) {
    const first = spare?.isAlive ? [spare] : []
    this.workers = [...first, ...Array.from({ length: count - first.length }, () => new WorkerProcess())]
  }

  /** Resolves when all workers have loaded the framework. @throws WorkerFailed if one has ended */
  async warm(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.reaches('warm')))
  }

  /** Loads the project and opens the port in all workers. @throws WorkerFailed if one ends before it is ready */
  async start(): Promise<void> {
    await Promise.all(
      this.workers.map(async (worker, i) => {
        worker.tell({ nuages: 'go', announces: i === 0 })
        await worker.reaches('ready')
      }),
    )
  }

  /** Whether any worker is still running. */
  get isAlive(): boolean {
    return this.workers.some((worker) => worker.isAlive)
  }

  /** Resolves with the exit code of the first worker that ends. */
  firstEnd(): Promise<number> {
    return Promise.race(this.workers.map((worker) => worker.ended))
  }

  /** Finishes the pending requests, then ends the workers. @param grace milliseconds to wait for further requests */
  async stop(grace = 0): Promise<void> {
    for (const worker of this.workers) worker.tell({ nuages: 'stop', grace })
    await Promise.all(this.workers.map((worker) => worker.ended))
  }

  /** Stops after a newer generation has opened the port. */
  retire(): Promise<void> {
    return this.stop(REPLACE_GRACE)
  }

  kill(): void {
    for (const worker of this.workers) worker.kill()
  }
}
