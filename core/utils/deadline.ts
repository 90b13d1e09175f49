/** One deadline for many operations: whoever does not end within it is given up. */

/** An operation that has begun. */
interface Waiting {
  /** Milliseconds of performance.now(). */
  readonly due: number
  readonly giveUp: () => void
}

/** All wait equally long, so the first to begin is the first that is due, and one timer serves all. */
export class Deadline {
  readonly #ms: number
  readonly #waiting = new Set<Waiting>()
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  /** What `work` gives or throws, or what `late` throws when that takes too long. */
  race<T>(work: Promise<T>, late: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      this.follow(work, resolve, reject, () => reject(late()))
    })
  }

  /** Calls one of the three: with the answer, with the error, or for work that takes too long. */
  follow<T>(work: Promise<T>, answered: (answer: T) => void, failed: (error: unknown) => void, late: () => void): void {
    const waiting: Waiting = { due: performance.now() + this.#ms, giveUp: late }
    this.#waiting.add(waiting)
    if (this.#timer === undefined) this.#wake(this.#ms)
    work.then(
      (answer) => {
        if (this.#waiting.delete(waiting)) answered(answer)
      },
      (error: unknown) => {
        if (this.#waiting.delete(waiting)) failed(error)
      },
    )
  }

  #wake(ms: number): void {
    // What waits for an answer keeps the process alive by its socket; the timer alone must not.
    this.#timer = setTimeout(() => this.#look(), ms).unref()
  }

  #look(): void {
    this.#timer = undefined
    const now = performance.now()
    for (const entry of this.#waiting) {
      if (entry.due > now) return this.#wake(Math.ceil(entry.due - now))
      this.#waiting.delete(entry)
      entry.giveUp()
    }
  }
}
