/** Child processes of a run: none outlives it, whatever ends it. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** How long a process may take to end by itself, in milliseconds. */
const GRACE = 3000

/** How much of what a process writes is kept for a message, in characters. */
const TAIL = 4000

export class Stopped extends Error {
  constructor() {
    super('The run was stopped.')
  }
}

export const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

/** The end of what a stream brings, as long as somebody wants to know it. */
export function tailOf(stream: NodeJS.ReadableStream | null): () => string {
  let tail = ''
  stream?.setEncoding('utf8')
  stream?.on('data', (text: string) => {
    tail = (tail + text).slice(-TAIL)
  })
  return () => tail.trim()
}

/** Resolves when the process has ended and its output is read. */
export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.pid === undefined) resolve()
    else child.once('close', () => resolve())
  })
}

export class Children {
  readonly #running = new Set<ChildProcess>()
  #stopped = false

  get stopped(): boolean {
    return this.#stopped
  }

  /** @throws Stopped once the run is over */
  start(command: readonly string[], options: SpawnOptions): ChildProcess {
    if (this.#stopped) throw new Stopped()
    const [file = '', ...args] = command
    const child = spawn(file, args, options)
    this.#running.add(child)
    child.once('exit', () => this.#running.delete(child))
    // A command that cannot be started ends as one that failed: `close` follows.
    child.once('error', () => this.#running.delete(child))
    return child
  }

  async stop(child: ChildProcess): Promise<void> {
    if (child.pid === undefined || hasEnded(child)) return
    const over = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE)
    await over
    clearTimeout(timer)
  }

  /** Ends every process at once and starts no other: whoever waits for one is told by its end. */
  stopAll(): void {
    this.#stopped = true
    for (const child of this.#running) child.kill('SIGKILL')
  }
}

export const children = new Children()

export const isInstalled = (command: string): boolean =>
  (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, command)))

/** Cores that this process may run on, where the system says so. */
function allowedCores(): number[] {
  if (process.platform !== 'linux') return []
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

/** One core for the server that is measured and another for everything else; none where cores cannot be chosen. */
export function chooseCores(): { server?: number; load?: number } {
  const [server, load] = isInstalled('taskset') ? allowedCores() : []
  return server === undefined || load === undefined ? {} : { server, load }
}

export const cores = chooseCores()

/** A command that runs on one core only, where there is one for it. */
export const pinned = (core: number | undefined, ...command: string[]): string[] =>
  core === undefined ? command : ['taskset', '-c', String(core), ...command]
