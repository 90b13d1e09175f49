/** The child processes of a run. They are all ended when the run ends, for whatever reason. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Time to end after SIGTERM before a process is killed, in milliseconds. */
const GRACE = 3000

/** Maximum length of the output that is kept for messages, in characters. */
const TAIL = 4000

export class Stopped extends Error {
  constructor() {
    super('The run was stopped.')
  }
}

export const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

/** Reads a stream. @returns a function that returns the end of the output so far */
export function tailOf(stream: NodeJS.ReadableStream | null): () => string {
  let tail = ''
  stream?.setEncoding('utf8')
  stream?.on('data', (text: string) => {
    tail = (tail + text).slice(-TAIL)
  })
  return () => tail.trim()
}

/** Resolves when a process has ended and its output has been read. */
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

  /** @throws Stopped after `stopAll` */
  start(command: readonly string[], options: SpawnOptions): ChildProcess {
    if (this.#stopped) throw new Stopped()
    const [file = '', ...args] = command
    const child = spawn(file, args, options)
    this.#running.add(child)
    child.once('exit', () => this.#running.delete(child))
    // If a command cannot be started, `close` follows, too.
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

  /** Kills all processes immediately and prevents new ones. Callers that wait for a process see that it has ended. */
  stopAll(): void {
    this.#stopped = true
    for (const child of this.#running) child.kill('SIGKILL')
  }
}

export const children = new Children()

export const isInstalled = (command: string): boolean =>
  (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, command)))

/** The cores that this process may run on; empty if unknown. */
function allowedCores(): number[] {
  if (process.platform !== 'linux') return []
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

/** One core for the measured server and another for everything else; none if processes cannot be pinned. */
export function chooseCores(): { server?: number; load?: number } {
  const [server, load] = isInstalled('taskset') ? allowedCores() : []
  return server === undefined || load === undefined ? {} : { server, load }
}

export const cores = chooseCores()

/** A command pinned to a core, if one is given. */
export const pinned = (core: number | undefined, ...command: string[]): string[] =>
  core === undefined ? command : ['taskset', '-c', String(core), ...command]
