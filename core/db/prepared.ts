/** Statements that a database prepares: sent under a name, it plans them once for each connection. */
import { createHash } from 'node:crypto'

/** What an engine that prepares statements by name says of them. */
export interface Preparing {
  /** After how many runs a statement gets a name; null for never. */
  readonly threshold: number | null
  /** Whether an error says that a name stands for nothing, or something else, and that the statement did nothing. */
  isUnknown(error: unknown): boolean
}

/** Statements that are counted, or have a name, at the most: those that are put together anew each time are not worth one. */
const MOST = 100

/** A name that no other statement has, whoever else shares the connections. */
const nameOf = (sql: string): string => `nuages_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`

/** Names of the statements of one database. */
export class Prepared {
  readonly #preparing: Preparing
  readonly #runs = new Map<string, number>()
  readonly #names = new Map<string, string>()
  #isRefused = false

  constructor(preparing: Preparing) {
    this.#preparing = preparing
  }

  /** The name under which a statement is to be run now, if it has one; each question counts as a run. */
  nameFor(sql: string): string | undefined {
    const { threshold } = this.#preparing
    if (this.#isRefused || threshold === null) return undefined
    const known = this.#names.get(sql)
    if (known !== undefined) return known
    const runs = this.#runs.get(sql) ?? 0
    if (runs < threshold) {
      if (runs > 0 || this.#runs.size < MOST) this.#runs.set(sql, runs + 1)
      return undefined
    }
    if (this.#names.size >= MOST) return undefined
    const name = nameOf(sql)
    this.#names.set(sql, name)
    return name
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
