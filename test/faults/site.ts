/** The site under test: worker processes behind fixed ports, which can be killed and started again. */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '#core/conf'
import { freePort } from '../management/processes.ts'
import { kill, startChild } from './servers.ts'
import type { MoveClock } from './worker.ts'

const START_MS = 30_000

/** Environment variables that would change the settings of the site. */
const FOREIGN = /^(NUAGES_(?!FAST_PATHS)|DATABASE_URL$|CACHE_URL$)/

for (const name of Object.keys(process.env)) if (FOREIGN.test(name)) delete process.env[name]

export class Site {
  readonly ports: readonly number[]
  readonly #settings: Settings
  readonly #log: string
  readonly #workers = new Map<number, ChildProcess>()
  /** Milliseconds by which the clock of the workers is ahead. */
  #ahead = 0
  /** The workers that ended although no fault killed them. */
  deaths = 0
  kills = 0

  private constructor(ports: readonly number[], settings: Settings, log: string) {
    this.ports = ports
    this.#settings = settings
    this.#log = log
  }

  /**
   * @param workers the number of processes
   * @param log the file for their output
   */
  static async start(workers: number, settings: Settings, log: string): Promise<Site> {
    const ports: number[] = []
    for (let number = 0; number < workers; number++) ports.push(await freePort())
    const site = new Site(ports, settings, log)
    const [first = 0, ...others] = ports
    await site.startWorker(first, true)
    await Promise.all(others.map((port) => site.startWorker(port)))
    return site
  }

  /** Resolves when the worker of a port serves. @throws Error with the end of the log if it does not */
  async startWorker(port: number, migrate = false): Promise<void> {
    const worker = startChild(
      [process.execPath, '--import', 'tsx', path.join(import.meta.dirname, 'worker.ts')],
      this.#log,
      {
        env: {
          NODE_ENV: 'production',
          FAULTS_SETTINGS: JSON.stringify(this.#settings),
          FAULTS_PORT: String(port),
          FAULTS_CLOCK: String(this.#ahead),
          FAULTS_MIGRATE: migrate ? 'yes' : 'no',
        },
      },
    )
    this.#workers.set(port, worker)
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`The site ${why}.\n${this.logTail}`))
      const timer = setTimeout(() => fail('does not start'), START_MS)
      worker.once('message', () => {
        clearTimeout(timer)
        worker.on('exit', () => this.#onExit(port, worker))
        resolve()
      })
      worker.once('exit', () => {
        clearTimeout(timer)
        fail('ended before it served')
      })
    })
  }

  #onExit(port: number, worker: ChildProcess): void {
    if (this.#workers.get(port) === worker) this.deaths += 1
  }

  get logTail(): string {
    return readFileSync(this.#log, 'utf8').slice(-3000)
  }

  /** kill -9, in the middle of whatever it does. */
  async killWorker(port: number): Promise<void> {
    const worker = this.#workers.get(port)
    this.#workers.delete(port)
    if (worker === undefined) return
    this.kills += 1
    await kill(worker)
  }

  setClock(ahead: number): void {
    this.#ahead = ahead
    for (const worker of this.#workers.values()) worker.send({ clock: ahead } satisfies MoveClock)
  }

  /** Starts all workers again. Does not count as a kill. */
  async restart(): Promise<void> {
    await this.stop()
    await Promise.all(this.ports.map((port) => this.startWorker(port)))
  }

  async stop(): Promise<void> {
    const workers = [...this.#workers.values()]
    this.#workers.clear()
    await Promise.all(workers.map(kill))
  }
}
