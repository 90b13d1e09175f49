/** Deadlines for many promises of one kind with one timer: a timer of its own for each would cost more than the wait. */

interface Waiting {
  readonly due: number
  readonly expire: () => void
  done: boolean
}

/** All promises get the same time, so that the first to come is the first to be due. */
export class Deadlines {
  readonly #milliseconds: number
  readonly #error: () => Error
  #queue: Waiting[] = []
  #timer: NodeJS.Timeout | undefined

  /** @param error makes the error of a promise that took too long */
  constructor(milliseconds: number, error: () => Error) {
    this.#milliseconds = milliseconds
    this.#error = error
  }

  /** What the promise gives, unless it takes too long. Whatever it does later is nobody's business any more. */
  run<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        due: performance.now() + this.#milliseconds,
        expire: () => reject(this.#error()),
        done: false,
      }
      this.#queue.push(waiting)
      if (this.#timer === undefined) this.#timer = this.#arm(this.#milliseconds)
      promise.then(resolve, reject).finally(() => {
        waiting.done = true
      })
    })
  }

  #arm(milliseconds: number): NodeJS.Timeout {
    const timer = setTimeout(() => this.#sweep(), milliseconds)
    // A process that has nothing else to do may end.
    timer.unref()
    return timer
  }

  #sweep(): void {
    const now = performance.now()
    for (const waiting of this.#queue) if (!waiting.done && waiting.due <= now) waiting.expire()
    this.#queue = this.#queue.filter((waiting) => !waiting.done && waiting.due > now)
    const [next] = this.#queue
    this.#timer = next && this.#arm(next.due - now)
  }
}
