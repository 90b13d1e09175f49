/** A Django process that a test controls. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { PYTHON } from '../services.ts'

const SITE = path.join(import.meta.dirname, 'django_site')

interface DriverReply {
  readonly value?: unknown
  /** Python's traceback. */
  readonly error?: string
}

interface PendingReply {
  readonly resolve: (response: DriverReply) => void
  readonly reject: (error: Error) => void
}

/** The response of a view. */
export interface DjangoResponse {
  readonly status: number
  readonly text: string
  /** Set-Cookie lines. */
  readonly cookies: readonly string[]
}

export class Django {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  /** Responses have the order of the requests. */
  readonly #waiting: PendingReply[] = []
  readonly #closed: Promise<void>
  #errors = ''

  /** @param settings with Django's names and values; only what JSON can hold */
  constructor(settings: object) {
    const env = { ...process.env, SITE_SETTINGS: JSON.stringify(settings), PYTHONDONTWRITEBYTECODE: '1' }
    // The driver ends when its input does, so it does not outlive this process.
    this.#process = spawn(PYTHON, ['driver.py'], { cwd: SITE, env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#process.stdin.on('error', () => {})
    this.#process.stderr.on('data', (data) => {
      this.#errors += String(data)
    })
    createInterface(this.#process.stdout).on('line', (line) => {
      this.#waiting.shift()?.resolve(JSON.parse(line) as DriverReply)
    })
    this.#closed = new Promise((resolve) => {
      this.#process.once('close', () => {
        this.#refuse()
        resolve()
      })
    })
    this.#process.once('error', (error) => {
      this.#errors += error.message
    })
  }

  #refuse(): void {
    const error = new Error(`The Django process ended.\n${this.#errors}`)
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  /** The result of an operation of driver.py. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  async ask<T>(operation: string, given: object = {}): Promise<T> {
    const { value, error } = await new Promise<DriverReply>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#process.stdin.write(`${JSON.stringify({ operation, given })}\n`)
    })
    if (error !== undefined) throw new Error(`Django's '${operation}' failed:\n${error}`)
    return value as T
  }

  /** Runs a management command that has to succeed; returns its output. */
  async command(...words: string[]): Promise<string> {
    const [code, text] = await this.ask<[number, string]>('command', { words })
    if (code !== 0) throw new Error(`Django's '${words.join(' ')}' ended with ${code}:\n${text}`)
    return text
  }

  /** The records of `django.security.*` and of sessions since the last call: logger, level, message. */
  logged(): Promise<[string, string, string][]> {
    return this.ask('logged')
  }

  async close(): Promise<void> {
    this.#process.stdin.end()
    await this.#closed
  }
}
