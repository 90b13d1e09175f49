/** Reports of an outage in the log: one when it begins and one when it is over, however many requests notice it. */

export interface OutageReport {
  /** @param message says what is not available, and why */
  began(message: string): void
  ended(): void
}

/** Milliseconds after the end of an outage in which another failure belongs to the same outage. */
const QUIET = 60_000

/** Milliseconds after which a failure that continues is reported even then. */
const LASTING = 5000

/**
 * A store may fail for some operations only: one that is read-only can be read. So an outage is over when an operation of a
 * kind that failed has succeeded, and began after the last failure.
 */
export class OutageLog<Kind extends string> {
  readonly #report: OutageReport
  /** For each kind that fails, the number of its last failure. */
  readonly #failing = new Map<Kind, number>()
  #failures = 0
  #since = 0
  #endedAt = Number.NEGATIVE_INFINITY
  #isReported = false

  constructor(report: OutageReport) {
    this.#report = report
  }

  /** The number of failures so far, which `succeeded` takes: to be read when an operation begins. */
  get failures(): number {
    return this.#failures
  }

  failed(kind: Kind, message: string): void {
    const now = performance.now()
    if (this.#failing.size === 0) this.#since = now
    this.#failing.set(kind, ++this.#failures)
    if (this.#isReported || (now - this.#endedAt < QUIET && now - this.#since < LASTING)) return
    this.#isReported = true
    this.#report.began(message)
  }

  /** @param failuresBefore `failures` when the operation began */
  succeeded(kind: Kind, failuresBefore: number): void {
    const last = this.#failing.get(kind)
    if (last === undefined || last > failuresBefore) return
    this.#failing.delete(kind)
    if (this.#failing.size > 0 || !this.#isReported) return
    this.#isReported = false
    this.#endedAt = performance.now()
    this.#report.ended()
  }
}
