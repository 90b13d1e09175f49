/**
 * Concurrent writes of several processes to one session, which must not be lost.
 *
 * To test an engine: `sessionRaceTests('my engine', { SESSION_ENGINE: 'apps.shop.sessions' })`
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
    // The worker needs tsx if this file is TypeScript.
    const file = `session_race_worker${path.extname(import.meta.filename)}`
    const execArgv = file.endsWith('.ts') ? ['--import', 'tsx'] : []
    this.#process = fork(path.join(import.meta.dirname, file), [JSON.stringify(settings)], { execArgv })
  }

  /** Waits for the worker's next message. */
  #nextMessage(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`A worker ended with ${code}.`))
      this.#process.once('exit', ended)
      this.#process.once('message', (message: Answer) => {
        this.#process.off('exit', ended)
        if ('done' in message) resolve(message.done)
        else reject(new Error(message.failed))
      })
    })
  }

  async ready(): Promise<void> {
    await this.#nextMessage()
  }

  /** Sends the worker a task. @returns its result */
  do(task: Task): Promise<unknown> {
    const done = this.#nextMessage()
    this.#process.send(task)
    return done
  }

  end(): void {
    this.#process.send({ kind: 'end' } satisfies Task)
  }
}

/** Runs `fn` with worker processes. @param settings settings for the workers, which the caller uses, too */
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

/** In each round, each writer sets its own key in one session. The writers are distributed over the processes. */
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

/** The processes increment one number concurrently, `times` times in total. */
export async function raceToCount(workers: Worker[], times: number): Promise<RaceResult> {
  const key = await newKey()
  await Promise.all(workers.map((worker) => worker.do({ kind: 'count', key, times: times / workers.length })))
  const { n } = await openSession(openSessionStore(), key).load()
  return { kept: Number(n), of: times }
}

/**
 * In each round, all writers load one session, and then each sets its own key in it and changes the session key.
 * @returns the writes in the one session that is left under a new key; none, if there are several
 */
export async function raceToRotate(workers: Worker[], rounds: number, writers: number): Promise<RaceResult> {
  let kept = 0
  const names = Array.from({ length: writers }, (_, i) => `k${i}`)
  for (let round = 0; round < rounds; round++) {
    const key = await newKey()
    const share = (i: number): string[] => names.filter((_, n) => n % workers.length === i)
    await Promise.all(workers.map((worker, i) => worker.do({ kind: 'load', key, names: share(i) })))
    const keys = await Promise.all(workers.map((worker) => worker.do({ kind: 'rotate' }) as Promise<string[]>))
    const contents = await Promise.all(
      [...new Set(keys.flat())].map((each) => openSession(openSessionStore(), each).load()),
    )
    const [content = {}, ...others] = contents.filter((each) => Object.keys(each).length > 0)
    if (others.length === 0) kept += names.filter((name) => name in content).length
  }
  return { kept, of: rounds * writers }
}

export interface SessionRaceOptions {
  readonly rounds?: number
  readonly writers?: number
  readonly processes?: number
  readonly counts?: number
}

type Runner = (name: string, body: (this: { timeout?(ms: number): void }) => void | Promise<void>) => unknown

/**
 * Declares the race test of an engine. It uses the current settings and prints its results.
 * @param settings JSON values of the settings by which the other processes use the same store
 */
export function sessionRaceTests(name: string, settings: Settings, options: SessionRaceOptions = {}): void {
  const { it } = globalThis as unknown as { it: Runner }
  const { rounds = 5, writers = 20, processes = 2, counts = 100 } = options

  it(`keeps every write, count and change of key of ${processes} processes (${name})`, async function () {
    this.timeout?.(600_000)
    await withWorkers(processes, settings, async (workers) => {
      const started = performance.now()
      const keys = await raceForKeys(workers, rounds, writers)
      const counted = await raceToCount(workers, counts)
      const rotated = await raceToRotate(workers, rounds, Math.min(writers, 8))
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      process.stdout.write(
        `        kept ${keys.kept} of ${keys.of} writes, counted ${counted.kept} of ${counted.of}, kept ${rotated.kept} of ${rotated.of} with new keys, in ${seconds} s\n`,
      )
      assert.equal(keys.kept, keys.of)
      assert.equal(counted.kept, counted.of)
      assert.equal(rotated.kept, rotated.of)
    })
  })
}
