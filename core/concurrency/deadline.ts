/** One deadline for many operations: an operation that exceeds it is given up. */
import { LinkedList, ListNode } from './collections.ts'

/** An operation in progress. */
class PendingOperation extends ListNode {
  /** Milliseconds of performance.now(). */
  readonly due: number
  readonly giveUp: () => void

  constructor(due: number, giveUp: () => void) {
    super()
    this.due = due
    this.giveUp = giveUp
  }
}

/** All operations have the same time limit, so the first to begin is the first that is due, and one timer serves all. */
export class Deadline {
  readonly #ms: number
  readonly #waiting = new LinkedList<PendingOperation>()
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  /** The result of `work`, or the error of `late` when it takes too long. */
  race<T>(work: Promise<T>, late: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      this.follow(work, resolve, reject, () => reject(late()))
    })
  }

  /** Calls one of the three functions: with the result, with the error, or when the time is over. */
  follow<T>(work: Promise<T>, answered: (answer: T) => void, failed: (error: unknown) => void, late: () => void): void {
    const waiting = new PendingOperation(performance.now() + this.#ms, late)
    this.#waiting.add(waiting)
    if (this.#timer === undefined) this.#wake(this.#ms)
    work.then(
      (answer) => {
        if (waiting.leave()) answered(answer)
      },
      (error: unknown) => {
        if (waiting.leave()) failed(error)
      },
    )
  }

  #wake(ms: number): void {
    // A pending operation keeps the process alive by its socket. The timer alone must not.
    // If the process was busy for long, results may have arrived. They are read before setImmediate() calls back.
    this.#timer = setTimeout(() => setImmediate(() => this.#look()), ms).unref()
  }

  #look(): void {
    this.#timer = undefined
    const now = performance.now()
    for (let { first } = this.#waiting; first !== undefined; first = this.#waiting.first) {
      if (first.due > now) return this.#wake(Math.ceil(first.due - now))
      first.leave()
      first.giveUp()
    }
  }
}
