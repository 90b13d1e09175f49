/** Races between processes for one session: how many of their writes are kept. */
import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import type { Settings } from '#core/conf'
import { openSession, openSessionStore } from '#core/contrib/sessions'
import type { Answer, Task } from './worker.ts'

export interface RaceResult {
  readonly kept: number
  readonly of: number
}

export class Worker {
  readonly #process: ChildProcess

  constructor(settings: Settings) {
    this.#process = fork(path.join(import.meta.dirname, 'worker.ts'), [JSON.stringify(settings)], {
      execArgv: ['--import', 'tsx'],
    })
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
