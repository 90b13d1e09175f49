/** Work that goes on after its response: little at a time, its failures logged, and waited for when the server stops. */
import type { Logger } from './log.ts'

const MAX_RUNNING = 4

/** Clients decide how much work there is, so that what waits is bounded. */
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
    // A place is handed on, so that none can slip in between.
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
}

/**
 * Does work in the background. It never throws and never rejects: a failure is logged as an error, and work beyond 1000
 * pending pieces is given up with a warning.
 * @param what names the work in the log: `A mail to reset a password`
 * @param after what the work waits for
 */
export function inBackground(
  { what, log, after }: { what: string; log: Logger; after: Promise<unknown> },
  work: () => Promise<unknown>,
): void {
  if (pending.size >= MAX_PENDING) {
    log.warning(`${what} was given up: ${MAX_PENDING} others wait.`)
    return
  }
  const done = after
    .then(() => inTurn(work))
    .catch((error: unknown) => log.error(`${what} failed.`, error))
    .then(() => void pending.delete(done))
  pending.add(done)
}

/** Waits until no work is pending, not even work that was added meanwhile. */
export async function backgroundWorkDone(): Promise<void> {
  while (pending.size > 0) await Promise.all(pending)
}
