/** Starts the server process when it is needed, again when it died, and receives its reports. */
import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import type { ServerReport } from './process.ts'

const START_MS = 60_000

export type ServerKind = 'production' | 'debug'

export class Server {
  readonly #kind: ServerKind
  #child: ChildProcess | undefined
  #port: Promise<number> | undefined
  #stderr = ''
  #incidents: string[] = []
  #waiting: (() => void)[] = []
  #cpuMs = 0

  constructor(kind: ServerKind) {
    this.#kind = kind
  }

  /** The port, once the server listens. */
  port(): Promise<number> {
    return (this.#port ??= this.#start())
  }

  /** The problems in the server since the last call, after everything that has started there. */
  async incidents(): Promise<string[]> {
    await this.#settle()
    return this.#incidents.splice(0)
  }

  /** Milliseconds of work of the server. */
  async cpuMs(): Promise<number> {
    await this.#settle()
    return this.#cpuMs
  }

  async #settle(): Promise<void> {
    const child = this.#child
    if (child?.connected) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        child.send('settle?', (error) => {
          if (error !== null) resolve()
        })
      })
    }
  }

  /** Called after a problem in the server: its current requests may never get a response. */
  onIncident: () => void = () => {}

  #note(problem: string): void {
    this.#incidents.push(problem)
    this.onIncident()
  }

  stop(): void {
    if (this.#child?.connected) this.#child.disconnect()
    this.#port = undefined
    this.#child = undefined
  }

  #start(): Promise<number> {
    const child = fork(path.join(import.meta.dirname, 'process.ts'), [this.#kind], {
      cwd: path.resolve(import.meta.dirname, '../../../..'),
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-2000)
    })
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`The server did not start: ${this.#stderr}`)), START_MS)
      child.on('message', (report: ServerReport) => {
        if (report.kind === 'incident') this.#note(report.problem)
        else if (report.kind === 'settled') {
          this.#cpuMs = report.cpuMs
          for (const each of this.#waiting.splice(0)) each()
        } else {
          clearTimeout(timer)
          resolve(report.port)
        }
      })
      child.on('exit', (code, signal) => {
        clearTimeout(timer)
        for (const each of this.#waiting.splice(0)) each()
        if (this.#child !== child) return
        this.#note(`the server process died (${signal ?? `exit code ${code}`}): ${this.#stderr.slice(-600)}`)
        this.#child = undefined
        this.#port = undefined
        reject(new Error(`The server did not start: ${this.#stderr}`))
      })
    })
  }
}

const servers = new Map<ServerKind, Server>()

/** The server of a kind in this process. */
export function serverOf(kind: ServerKind): Server {
  let server = servers.get(kind)
  if (server === undefined) servers.set(kind, (server = new Server(kind)))
  return server
}
