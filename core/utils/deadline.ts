/** One deadline for many operations: whoever does not end within it is given up. */

interface Expiring {
  /** Milliseconds of performance.now(). */
  readonly due: number
  giveUp(): void
}

/** A promise of its own for each operation, which is settled by the work or by the end of its time. */
class Waiting<T> implements Expiring {
  readonly promise: Promise<T>
  readonly due: number
  readonly #late: () => Error
  #resolve!: (value: T) => void
  #reject!: (error: unknown) => void

  constructor(due: number, late: () => Error) {
    this.due = due
    this.#late = late
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  resolve(value: T): void {
    this.#resolve(value)
  }

  reject(error: unknown): void {
    this.#reject(error)
  }

  giveUp(): void {
    this.#reject(this.#late())
  }
}

/** All wait equally long, so the first to begin is the first that is due, and one timer serves all. */
export class Deadline {
  readonly #ms: number
  readonly #waiting = new Set<Expiring>()
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  /** What `work` gives or throws, or what `late` throws when that takes too long. */
  race<T>(work: Promise<T>, late: () => Error): Promise<T> {
    const entry = new Waiting<T>(performance.now() + this.#ms, late)
    this.#waiting.add(entry)
    if (this.#timer === undefined) this.#wake(this.#ms)
    work.then(
      (value) => {
        this.#waiting.delete(entry)
        entry.resolve(value)
      },
      (error: unknown) => {
        this.#waiting.delete(entry)
        entry.reject(error)
      },
    )
    return entry.promise
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
