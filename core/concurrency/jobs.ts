/** Work that continues after the response, and tasks that run one at a time for each key. */
import type { Logger } from '#core/utils'

const MAX_RUNNING = 4

/** Clients decide how much work there is, so the number of waiting jobs is bounded. */
const MAX_PENDING = 1000

const pending = new Set<Promise<void>>()

let running = 0
const waiting: (() => void)[] = []

async function inTurn(work: () => Promise<unknown>): Promise<void> {
  if (running < MAX_RUNNING) running++
  else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    await work()
  } finally {
    // The slot is handed over, so that no newer job takes it first.
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
}

/**
 * Does work in the background. It never throws and never rejects: a failure is logged as an error, and work beyond 1000
 * pending jobs is dropped with a warning.
 * @param what the name of the work in the log: `A mail to reset a password`
 * @param after what the work waits for
 */
export function inBackground(
  { what, log, after }: { what: string; log: Logger; after: Promise<unknown> },
  work: () => Promise<unknown>,
): void {
  if (pending.size >= MAX_PENDING) {
    log.warning(`${what} was dropped: ${MAX_PENDING} others wait.`)
    return
  }
  const job = after
    .then(() => inTurn(work))
    .catch((error: unknown) => log.error(`${what} failed.`, error))
    .then(() => void pending.delete(job))
  pending.add(job)
}

/** Waits until no work is pending, including work that is added meanwhile. */
export async function backgroundWorkDone(): Promise<void> {
  while (pending.size > 0) await Promise.all(pending)
}

export class KeyedMutex {
  readonly #tails = new Map<string, Promise<void>>()

  /** Runs `task` when all earlier tasks of the same key have ended, with or without an error. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve()
    const result = before.then(task)
    const tail = result.then(
      () => {},
      () => {},
    )
    this.#tails.set(key, tail)
    try {
      return await result
    } finally {
      // The last task removes the entry.
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }
}
