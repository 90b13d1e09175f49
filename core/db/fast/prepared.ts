/** Statements that a database prepares: sent under a name, it plans them once for each connection. */
import { createHash } from 'node:crypto'
import type { Preparing } from '../backend.ts'

/** Statements that are counted at the most: those that are put together anew each time are not worth a name. */
const MOST = 100

/** A name that no other statement has, whoever else shares the connections. */
const nameOf = (sql: string): string => `nuages_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`

interface Counted {
  readonly name: string
  runs: number
}

/** Names of the statements of one database. */
export class Prepared {
  readonly #preparing: Preparing
  readonly #counted = new Map<string, Counted>()
  #isRefused = false

  constructor(preparing: Preparing) {
    this.#preparing = preparing
  }

  /** The name under which a statement is to be run now, if it has one; each question counts as a run. */
  nameFor(sql: string): string | undefined {
    const { threshold } = this.#preparing
    if (this.#isRefused || threshold === null) return undefined
    let counted = this.#counted.get(sql)
    if (counted === undefined) {
      if (this.#counted.size >= MOST) return undefined
      this.#counted.set(sql, (counted = { name: nameOf(sql), runs: 0 }))
    }
    return counted.runs++ < threshold ? undefined : counted.name
  }

  /**
   * Whether a statement that failed under a name is to be run again without one. Behind a pooler that hands out
   * connections by transaction, names are another connection's: from then on none is used.
   */
  refusedBy(error: unknown): boolean {
    const isRefused = this.#preparing.isUnknown(error)
    this.#isRefused ||= isRefused
    return isRefused
  }
}
