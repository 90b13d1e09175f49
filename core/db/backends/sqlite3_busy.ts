/**
 * Waiting for the lock of a SQLite file without blocking the process. SQLite itself would wait within the statement, and
 * with it everything else that this process does.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { codeOf } from '../backend.ts'

/** How long SQLite itself waits for a lock, in milliseconds. */
export const BUSY_TIMEOUT = 0

const [SHORTEST_PAUSE, LONGEST_PAUSE] = [5, 25]

/** A file that nobody has tried for so many milliseconds may have been free in between. */
const FORGOTTEN = 1000

/** Another connection holds a lock. A transaction with an old snapshot can only be begun again. */
export const isBusy = (error: unknown): boolean =>
  codeOf(error).startsWith('SQLITE_BUSY') && codeOf(error) !== 'SQLITE_BUSY_SNAPSHOT'

/** The lock of one database file. */
export class BusyFile {
  /** When the first and the last of consecutive attempts found the file locked, in milliseconds of performance.now(). */
  #since: number | undefined
  #seenAt = 0

  /**
   * Tries until the file is not locked.
   * @param limit milliseconds. Where the file has been locked for longer, there is one attempt only.
   * @throws the error of the last attempt
   */
  async retry<T>(limit: number, attempt: () => T | Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await attempt()
        this.#since = undefined
        return result
      } catch (error) {
        if (!isBusy(error)) throw error
        const now = performance.now()
        if (this.#since === undefined || now - this.#seenAt > FORGOTTEN) this.#since = now
        this.#seenAt = now
        if (now - this.#since >= limit) throw error
        await wait(SHORTEST_PAUSE + Math.random() * (LONGEST_PAUSE - SHORTEST_PAUSE))
      }
    }
  }
}
