/** A clock that stands still until a test moves it. */
import { clock, type Clock, setClock } from '#core/utils'

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
