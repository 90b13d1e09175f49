/** One deadline for many operations: whoever does not end within it is given up. */

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
    return new Promise<T>((resolve, reject) => {
      const entry: Waiting = { due: performance.now() + this.#ms, giveUp: () => reject(late()) }
      this.#waiting.add(entry)
      if (this.#timer === undefined) this.#wake(this.#ms)
      work.then(
        (value) => {
          this.#waiting.delete(entry)
          resolve(value)
        },
        (error: unknown) => {
          this.#waiting.delete(entry)
          reject(error)
        },
      )
    })
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
