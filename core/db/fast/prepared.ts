/** Names of prepared statements. The database parses and plans a statement with a name once for each connection. */
import { createHash } from 'node:crypto'
import type { Preparing } from '../backend.ts'

/** Maximum number of statements that are counted. Statements that are different each time need no name. */
const MAX_COUNTED = 100

/** A name that no other statement has, not even one of another program that shares the connections through a pooler. */
const nameOf = (sql: string): string => `nuages_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`

interface Counted {
  readonly name: string
  runs: number
}

/** The names of the statements of one database. */
export class StatementNames {
  readonly #preparing: Preparing
  readonly #counted = new Map<string, Counted>()
  #isRefused = false

  constructor(preparing: Preparing) {
    this.#preparing = preparing
  }

  /** The name for a run of a statement; undefined if it is run without one. Each call counts as a run. */
  nameFor(sql: string): string | undefined {
    const { threshold } = this.#preparing
    if (this.#isRefused || threshold === null) return undefined
    let counted = this.#counted.get(sql)
    if (counted === undefined) {
      if (this.#counted.size >= MAX_COUNTED) return undefined
      this.#counted.set(sql, (counted = { name: nameOf(sql), runs: 0 }))
    }
    return counted.runs++ < threshold ? undefined : counted.name
  }

  /**
   * Whether a statement that failed with a name must be run again without one. Behind a pooler that assigns connections
   * for each transaction, names belong to other connections: after the first such error, none is used.
   */
  refusedBy(error: unknown): boolean {
    const isRefused = this.#preparing.isUnknown(error)
    this.#isRefused ||= isRefused
    return isRefused
  }
}
