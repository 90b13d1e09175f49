/**
 * Races between processes for one session, and how many of their writes are kept.
 *
 * `sessionRaceTests('my engine', { SESSION_ENGINE: 'apps.shop.sessions' })` puts an engine through them.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import type { Settings } from '#core/conf'
import { openSession, openSessionStore } from '#core/contrib/sessions'
import type { Answer, Task } from './session_race_worker.ts'

export interface RaceResult {
  readonly kept: number
  readonly of: number
}

export class Worker {
  readonly #process: ChildProcess

  constructor(settings: Settings) {
    // The same language as this file, and the same loader as this process has.
    const file = `session_race_worker${path.extname(import.meta.filename)}`
    const execArgv = file.endsWith('.ts') ? ['--import', 'tsx'] : []
    this.#process = fork(path.join(import.meta.dirname, file), [JSON.stringify(settings)], { execArgv })
  }

  /** Waits for the worker's next word. */
  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`A worker ended with ${code}.`))
      this.#process.once('exit', ended)
      this.#process.once('message', (word: Answer) => {
        this.#process.off('exit', ended)
        if ('done' in word) resolve(word.done)
        else reject(new Error(word.failed))
      })
    })
  }

  async ready(): Promise<void> {
    await this.#answer()
  }

  /** Gives the worker a task and waits for what comes of it. */
  do(task: Task): Promise<unknown> {
    const done = this.#answer()
    this.#process.send(task)
    return done
  }

  end(): void {
    this.#process.send({ kind: 'end' } satisfies Task)
  }
}

/** Runs `fn` with workers that have these settings, as the caller has. */
export async function withWorkers<T>(
  count: number,
  settings: Settings,
  fn: (workers: Worker[]) => Promise<T>,
): Promise<T> {
  const workers = Array.from({ length: count }, () => new Worker(settings))
  try {
    await Promise.all(workers.map((worker) => worker.ready()))
    return await fn(workers)
  } finally {
    for (const worker of workers) worker.end()
  }
}

async function newKey(): Promise<string> {
  const session = openSession(openSessionStore())
  session.set('before', true)
  await session.save()
  return session.sessionKey as string
}

/** In every round, writers in all processes each set a key of their own in one session. */
export async function raceForKeys(workers: Worker[], rounds: number, writers: number): Promise<RaceResult> {
  let kept = 0
  const names = Array.from({ length: writers }, (_, i) => `k${i}`)
  for (let round = 0; round < rounds; round++) {
    const key = await newKey()
    const share = (i: number): string[] => names.filter((_, n) => n % workers.length === i)
    await Promise.all(workers.map((worker, i) => worker.do({ kind: 'keys', key, names: share(i) })))
    const content = await openSession(openSessionStore(), key).load()
    kept += names.filter((name) => name in content).length
  }
  return { kept, of: rounds * writers }
}

/** All processes together add one to one number so many times. */
export async function raceToCount(workers: Worker[], times: number): Promise<RaceResult> {
  const key = await newKey()
  await Promise.all(workers.map((worker) => worker.do({ kind: 'count', key, times: times / workers.length })))
  const { n } = await openSession(openSessionStore(), key).load()
  return { kept: Number(n), of: times }
}

export interface SessionRaceOptions {
  readonly rounds?: number
  readonly writers?: number
  readonly processes?: number
  readonly counts?: number
}

type Runner = (name: string, body: (this: { timeout?(ms: number): void }) => void | Promise<void>) => unknown

/**
 * Declares the races of an engine; they run under the settings that are in force, and the figures are printed.
 * @param settings the settings that give the other processes the same store, as JSON values
 */
export function sessionRaceTests(name: string, settings: Settings, options: SessionRaceOptions = {}): void {
  const { it } = globalThis as unknown as { it: Runner }
  const { rounds = 5, writers = 20, processes = 2, counts = 100 } = options

  it(`keeps every write and counts every count of ${processes} processes (${name})`, async function () {
    this.timeout?.(600_000)
    await withWorkers(processes, settings, async (workers) => {
      const started = performance.now()
      const keys = await raceForKeys(workers, rounds, writers)
      const counted = await raceToCount(workers, counts)
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      process.stdout.write(
        `        kept ${keys.kept} of ${keys.of} writes, counted ${counted.kept} of ${counted.of}, in ${seconds} s\n`,
      )
      assert.equal(keys.kept, keys.of)
      assert.equal(counted.kept, counted.of)
    })
  })
}
