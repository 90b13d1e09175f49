/** Helpers for tests of processes: manage.ts with its output line by line, and projects for one test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'

export const REPOSITORY = path.join(import.meta.dirname, '..', '..')
export const MANAGE = path.join(REPOSITORY, 'manage.ts')

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A process whose output can be awaited. */
export class Running {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly finished: Promise<Finished>
  readonly #lines: string[] = []
  readonly #waiting = new Set<() => void>()

  constructor(program: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    const env = { ...process.env, NO_COLOR: '1', ...options.env }
    this.child = spawn(program, args, { cwd: options.cwd ?? REPOSITORY, env, stdio: ['pipe', 'pipe', 'pipe'] })
    for (const name of ['stdout', 'stderr'] as const) {
      this.child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
        this[name] += chunk
      })
      createInterface({ input: this.child[name] as NonNullable<ChildProcess['stdout']> }).on('line', (line) => {
        this.#lines.push(line)
        for (const look of this.#waiting) look()
      })
    }
    this.finished = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
        for (const look of this.#waiting) look()
      })
    })
  }

  /** The first matching line of either stream that was not returned before; an error if the process ends first. */
  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const at = this.#lines.findIndex((line) => pattern.test(line))
        if (at >= 0) {
          this.#waiting.delete(look)
          resolve(this.#lines.splice(0, at + 1).at(-1) as string)
        } else if (this.child.exitCode !== null || this.child.signalCode !== null) {
          this.#waiting.delete(look)
          reject(new Error(`The process ended without a line like ${pattern}:\n${this.stdout}\n${this.stderr}`))
        }
      }
      this.#waiting.add(look)
      look()
    })
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.child.kill(signal)
  }
}

const started = new Set<Running>()

/** Runs manage.ts by its shebang. */
export function manage(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Running {
  const running = new Running(MANAGE, args, options)
  started.add(running)
  void running.finished.then(() => started.delete(running))
  return running
}

/** Runs manage.ts to its end, without input. */
export function managed(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Finished> {
  const running = manage(args, options)
  running.child.stdin?.end(options.input ?? '')
  return running.finished
}

/** Ends the remaining processes of a test. For `afterEach`. */
export async function endAll(): Promise<void> {
  const all = [...started]
  for (const running of all) running.kill()
  await Promise.all(all.map((running) => running.finished))
}

/** A project for one test. It is inside the repository, so that `#core/…` resolves to its core. */
export class TestProject {
  readonly root: string

  constructor(files: Readonly<Record<string, string>> = {}) {
    const parent = path.join(REPOSITORY, '.nuages')
    mkdirSync(parent, { recursive: true })
    this.root = mkdtempSync(path.join(parent, 'test-'))
    for (const [file, text] of Object.entries({ 'settings.ts': settingsText(), ...files })) this.write(file, text)
  }

  write(file: string, text: string): void {
    const target = path.join(this.root, file)
    mkdirSync(path.dirname(target), { recursive: true })
    writeFileSync(target, text)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** A complete settings.ts, with some settings replaced (as source code). */
export function settingsText(other: Readonly<Record<string, string>> = {}): string {
  const usual = {
    SECRET_KEY: "'fNo7d2mYc1t5Rk8PqWx3zB6vLs9gHjA4uEe0iTnMaCyDwUbGvK'",
    DEBUG: 'true',
    ALLOWED_HOSTS: '[]',
    INSTALLED_APPS: '[]',
    MIDDLEWARE: '[]',
    ROOT_URLCONF: "'apps.urls'",
    TIME_ZONE: "'UTC'",
  }
  const entries = Object.entries({ ...usual, ...other }).map(([name, value]) => `  ${name}: ${value},`)
  return `export default {\n${entries.join('\n')}\n}\n`
}

/** A port that is currently unused. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
