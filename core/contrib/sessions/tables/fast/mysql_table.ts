/** The table of sessions in MySQL and MariaDB: many saves in one transaction of four statements. */
import type { Knex } from 'knex'
import { connections } from '#core/db'
import type { JobResult } from '#core/concurrency'
import { KnexTable } from '../knex_table.ts'
import {
  type BatchTable,
  type Change,
  type NewRow,
  type SessionRow,
  timeLimit,
  LOCKED,
  type Written,
} from '../session_table.ts'

export class MysqlTable implements BatchTable {
  readonly #alias: string
  readonly #table: string
  readonly #single: KnexTable

  constructor(alias: string, table: string) {
    this.#alias = alias
    this.#table = table
    this.#single = new KnexTable(alias, table)
  }

  /** Where the collation ignores case, there may be rows of keys that differ in case among them. */
  async load(keys: readonly string[], now: string): Promise<readonly SessionRow[]> {
    const rows: SessionRow[] = await this.#rows()
      .whereIn('session_key', keys)
      .where('expire_date', '>', now)
      .select('session_key', 'session_data', 'expire_date')
    return rows
  }

  #rows(): Knex.QueryBuilder {
    return connections.database(this.#alias).pool(this.#table).options(timeLimit())
  }

  /** If one key is taken, no row is inserted, and each is tried by itself. */
  async insert(rows: readonly NewRow[]): Promise<readonly JobResult<boolean>[]> {
    const [first] = rows
    if (first !== undefined && rows.length === 1) return [{ answer: await this.#single.insert(first) }]
    await this.#rows().insert(rows.map(({ key, columns }) => ({ session_key: key, ...columns })))
    return rows.map(() => ({ answer: true }))
  }

  /** The rows are locked in the order of their keys, compared here, letter by letter, and written by one statement. */
  async update(changes: readonly Change[], now: string): Promise<readonly JobResult<Written>[]> {
    const [first] = changes
    if (first !== undefined && changes.length === 1) return [{ answer: await this.#single.tryUpdate(first) }]
    const results = await this.#updateFree(changes, now)
    if (results.every(({ answer }) => answer)) return results
    const left = changes.filter((_, i) => !results[i]?.answer)
    const texts = await this.#texts(this.#rows(), left, now)
    const isLocked = ({ key, version }: Change): boolean => texts.get(key) === version
    return changes.map((change, i) =>
      results[i]?.answer || !isLocked(change) ? results[i] : { answer: LOCKED },
    ) as JobResult<Written>[]
  }

  /** The texts of rows by key. */
  async #texts(rows: Knex.QueryBuilder, changes: readonly Change[], now: string): Promise<Map<string, string>> {
    const keys = changes.map(({ key }) => key)
    const found: SessionRow[] = await rows
      .whereIn('session_key', keys)
      .where('expire_date', '>', now)
      .orderBy('session_key')
      .options(timeLimit())
      .select('session_key', 'session_data')
    return new Map(found.map((row) => [row.session_key, row.session_data]))
  }

  /** Writes the rows that no other transaction has locked. */
  #updateFree(changes: readonly Change[], now: string): Promise<readonly { readonly answer: boolean }[]> {
    return connections.database(this.#alias).pool.transaction(async (trx) => {
      const texts = await this.#texts(trx(this.#table).forUpdate().skipLocked(), changes, now)
      const matching = changes.filter(({ key, version }) => texts.get(key) === version)
      if (matching.length > 0) await this.#write(trx, matching)
      const written = new Set(matching.map(({ key }) => key))
      return changes.map(({ key }) => ({ answer: written.has(key) }))
    })
  }

  /** Rows that are there and locked, so that nothing is inserted: a join with the new values would mix collations. */
  async #write(trx: Knex, changes: readonly Change[]): Promise<void> {
    await trx(this.#table)
      .insert(changes.map(({ key, columns }) => ({ session_key: key, ...columns })))
      .onConflict('session_key')
      .merge()
      .options(timeLimit())
  }
}
