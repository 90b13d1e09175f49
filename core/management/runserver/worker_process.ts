/** A worker as the supervisor sees it: a process with a few states, and promises for them. */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { type FromWorker, isMessage, type ToWorker, WORKER_FLAG } from './messages.ts'

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
    // A process that has just ended is told by `ended`.
    if (this.#worker.isConnected()) this.#worker.send(message, () => {})
  }

  kill(): void {
    if (this.isAlive) this.#worker.process.kill('SIGKILL')
  }
}
