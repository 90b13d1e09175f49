/** The current time, from one place, and a clock for tests that stands still until a test moves it. */

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

export class StoppedClock implements Clock {
  #now: number

  /** @param now milliseconds since the epoch */
  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** Lets time go by, in seconds. */
  advance(seconds: number): void {
    this.#now += seconds * 1000
  }

  moveTo(moment: Date): void {
    this.#now = moment.getTime()
  }

  /** Gives the process the system's clock again. */
  restore(): void {
    setClock()
  }
}

/** Stops the process's clock, now or at a given moment. Call `restore()` when the test is over. */
export function stopClock(at: Date | number = clock.now()): StoppedClock {
  const stopped = new StoppedClock(Number(at))
  setClock(stopped)
  return stopped
}
