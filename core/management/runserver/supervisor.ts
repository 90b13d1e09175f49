/**
 * The parent process of the workers. It holds the listening socket (node:cluster), so that workers can be replaced
 * without refusing connections. After a code change, new workers start while the old ones serve; the old ones stop when
 * the new ones are ready. If the changed code does not load, the old ones continue to serve.
 */
import path from 'node:path'
import { clock, CORE, getLogger } from '#core/utils'
import { Generation, WorkerFailed, WorkerProcess } from './workers.ts'
import { onStopSignal } from '../terminal.ts'
import { watchCode, type Watcher } from './watcher.ts'

export interface SupervisorOptions {
  /** Number of worker processes. */
  readonly workers: number
  /** Directories whose code changes start new workers. Empty to disable watching. */
  readonly watched: readonly string[]
}

/** A worker that ends within this many milliseconds after it was ready is likely to end again after a restart. */
const TOO_SOON = 1000

/** Exit code of a process ended by Ctrl-C, as in a shell. */
const INTERRUPTED = 130

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #log = getLogger('django.utils.autoreload')
  readonly #retiring = new Set<Generation>()
  #serving: Generation | undefined
  #starting: Generation | undefined
  /** Has loaded the framework, but no code of the project, so that a reload is fast. */
  #spare: WorkerProcess | undefined
  #stopping = false
  #finish: (exitCode: number) => void = () => {}

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  get #watches(): boolean {
    return this.#options.watched.length > 0
  }

  /** Serves until a stop signal, or until the first start fails. @returns the exit code */
  async run(): Promise<number> {
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve
    })
    const forget = onStopSignal(
      () => void this.#stop(),
      () => this.#stopImmediately(),
    )
    const first = new Generation(this.#options.workers)
    this.#starting = first
    let watcher: Watcher | undefined
    if (this.#watches) {
      // Started now, because code may change as soon as the port is open.
      this.#warmSpare()
      this.#log.info('Watching for file changes with chokidar')
      // The first workers load the framework while the directories are read.
      watcher = await watchCode(this.#options.watched, (files) => this.#changed(files))
    }
    if (this.#starting === first) void this.#begin(first)
    const exitCode = await finished
    forget()
    await watcher?.close()
    return exitCode
  }

  /** Starts a generation. Once it is ready, it replaces the current one. */
  async #begin(generation: Generation): Promise<void> {
    this.#starting = generation
    try {
      await generation.warm()
      this.#warmSpare()
      await generation.start()
    } catch (error) {
      generation.kill()
      if (!(error instanceof WorkerFailed)) this.#log.error('A process of the server could not be started', error)
      // If a later change killed this generation, the next one is already starting.
      if (this.#starting === generation) this.#failed(error instanceof WorkerFailed ? error.exitCode : 1)
      return
    }
    if (this.#starting !== generation) return
    this.#starting = undefined
    this.#replaceBy(generation)
  }

  #replaceBy(generation: Generation): void {
    const old = this.#serving
    this.#serving = generation
    void this.#guard(generation)
    if (old === undefined) return
    this.#retiring.add(old)
    void old.retire().then(() => this.#retiring.delete(old))
  }

  #failed(exitCode: number): void {
    this.#starting = undefined
    if (this.#stopping) return
    if (this.#serving === undefined) {
      this.#spare?.kill()
      this.#finish(exitCode || 1)
      return
    }
    const meanwhile = this.#serving.isAlive ? 'The code from before it keeps serving' : 'Nothing is served'
    this.#log.error(`The change could not be loaded. ${meanwhile} until the next save.`)
  }

  /** Replaces a worker that ends unexpectedly, unless it would probably end again. */
  async #guard(generation: Generation): Promise<void> {
    const readyAt = clock.now()
    const exitCode = await generation.firstEnd()
    if (this.#stopping || this.#serving !== generation) return
    if (this.#starting !== undefined) return
    const lived = clock.now() - readyAt
    if (lived < TOO_SOON && this.#watches) {
      this.#log.error(`The server's process ended with code ${exitCode}. Waiting for the next save.`)
      return
    }
    this.#log.error(`The server's process ended with code ${exitCode}. Starting it again.`)
    setTimeout(
      () => {
        if (this.#serving === generation && !this.#stopping) this.#renew()
      },
      Math.max(TOO_SOON - lived, 0),
    )
  }

  #warmSpare(): void {
    if (this.#watches) this.#spare ??= new WorkerProcess()
  }

  #takeSpare(): WorkerProcess | undefined {
    const spare = this.#spare
    this.#spare = undefined
    return spare
  }

  #changed(files: readonly string[]): void {
    if (this.#stopping) return
    const shown = files.map((file) => path.relative(process.cwd(), file)).join(', ')
    this.#log.info(`${shown} changed, reloading.`)
    // The spare worker has already loaded the framework, so a change of the framework makes it outdated.
    const stale = files.some((file) => file.startsWith(CORE) || path.basename(file) === 'package.json')
    if (stale) this.#takeSpare()?.kill()
    this.#renew()
  }

  #renew(): void {
    this.#starting?.kill()
    void this.#begin(new Generation(this.#options.workers, this.#takeSpare()))
  }

  async #stop(): Promise<void> {
    this.#stopping = true
    this.#starting?.kill()
    this.#takeSpare()?.kill()
    await Promise.all([this.#serving?.stop(), ...[...this.#retiring].map((generation) => generation.stop())])
    this.#finish(0)
  }

  #stopImmediately(): void {
    for (const generation of [this.#serving, this.#starting, ...this.#retiring]) generation?.kill()
    process.exit(INTERRUPTED)
  }
}
