/** Waiting for other processes and servers, without fixed delays. */
import { setTimeout as pause } from 'node:timers/promises'

/** Polls until the result is true; throws after ten seconds. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It did not happen within ten seconds: ${what}`)
    await pause(10)
  }
}

/** The error that a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { cause?: unknown; retryAfter?: number }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('It was expected to fail, and did not.')
}
