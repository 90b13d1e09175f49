/** The current time, from one place, so that a test can replace it. */

export interface Clock {
  /** Milliseconds since the epoch. May have a fraction. */
  now(): number
}

const system: Clock = { now: () => Date.now() }
let current = system

/** The clock of the process. All modules read the time from it. */
export const clock: Clock = { now: () => current.now() }

/** Whole seconds since the epoch, rounded down. */
export function unixSeconds(): number {
  return Math.floor(current.now() / 1000)
}

/** Replaces the clock; without an argument, restores that of the system. For tests. */
export function setClock(replacement: Clock = system): void {
  current = replacement
}
