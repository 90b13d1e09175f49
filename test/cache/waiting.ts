/** Waiting for what happens in other processes and servers, without knowing how long it takes. */
import { setTimeout as pause } from 'node:timers/promises'

/** Asks again until the answer is true; an error after ten seconds. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It did not happen within ten seconds: ${what}`)
    await pause(10)
  }
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { cause?: unknown; retryAfter?: number }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('It was expected to fail, and did not.')
}
