/** The time of day, in one place, so that a test can stop it. */

/** Milliseconds since the epoch, with a fraction where the clock has one. */
export interface Clock {
  now(): number
}

const system: Clock = { now: () => Date.now() }
let current = system

/** The process's clock. Everything that asks for the time asks here. */
export const clock: Clock = { now: () => current.now() }

/** Whole seconds since the epoch, rounded down. */
export function unixSeconds(): number {
  return Math.floor(current.now() / 1000)
}

/** Puts another clock in the place of the system's; without an argument puts the system's back. For tests. */
export function setClock(replacement: Clock = system): void {
  current = replacement
}
