/** The table of sessions through knex, one statement for each call: for any database, any columns, any transaction. */
import type { Knex } from 'knex'
import { connections, isUniqueViolation, toDatabaseDate, whereExactly } from '#core/db'
import { clock } from '#core/utils'
import { type Change, type NewRow, type SessionRow, type SessionTable, timeLimit } from './session_table.ts'

/** Rows that one statement of deleteExpired() deletes. */
const BATCH = 500

export class KnexTable implements SessionTable {
  readonly #alias: string
  readonly #table: string

  constructor(alias: string, table: string) {
    this.#alias = alias
    this.#table = table
  }

  /** All rows. Inside `transaction()`, queries belong to that transaction. */
  rows(): Knex.QueryBuilder<SessionRow> {
    return connections.get(this.#alias)<SessionRow>(this.#table)
  }

  /** The same for a statement of a request, which has a time limit. */
  #limited(): Knex.QueryBuilder<SessionRow> {
    return this.rows().options(timeLimit())
  }

  /** The row of a key, expired or not. */
  row(key: string): Knex.QueryBuilder {
    return whereExactly(this.#limited(), this.#alias, 'session_key', [key])
  }

  /** The row of a key if it has not expired, and only in the state of `version`, if one is given. */
  living(key: string, version?: string): Knex.QueryBuilder {
    const row = this.row(key).where('expire_date', '>', toDatabaseDate(clock.now(), this.#alias))
    if (version === undefined) return row
    // No index covers the data, so that a comparison of its bytes is enough.
    const isMysql = connections.database(this.#alias).backend.vendor === 'mysql'
    return row.whereRaw(isMysql ? 'binary session_data = ?' : 'session_data = ?', [version])
  }

  async load(key: string): Promise<SessionRow | undefined> {
    const row: SessionRow | undefined = await this.living(key).first('session_key', 'session_data', 'expire_date')
    return row
  }

  async insert({ key, columns }: NewRow): Promise<boolean> {
    try {
      await this.#limited().insert({ session_key: key, ...columns })
      return true
    } catch (error) {
      if (isUniqueViolation(error)) return false
      throw error
    }
  }

  async update({ key, version, columns }: Change): Promise<boolean> {
    const updated: number = await this.living(key, version).update(columns)
    return updated > 0
  }

  /** Deletes expired rows in small batches, so that no statement blocks others for long. @returns their number */
  async deleteExpired(): Promise<number> {
    const now = toDatabaseDate(clock.now(), this.#alias)
    let deleted = 0
    for (;;) {
      // In the order of the index. A scan of the table would pass over the deleted rows each time.
      const keys: string[] = await this.rows()
        .where('expire_date', '<', now)
        .orderBy('expire_date')
        .limit(BATCH)
        .pluck('session_key')
      if (keys.length === 0) return deleted
      // The date is compared again: a session may have been saved in the meantime.
      deleted += await this.rows().whereIn('session_key', keys).where('expire_date', '<', now).delete()
    }
  }
}
