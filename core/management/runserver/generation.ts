/** The workers that run one version of the code. */
import { REPLACE_GRACE } from './messages.ts'
import { WorkerProcess } from './worker_process.ts'

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
