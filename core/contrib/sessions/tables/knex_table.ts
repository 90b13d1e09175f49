/** The table of sessions through knex, one statement for each call: for any database, any columns, any transaction. */
import type { Knex } from 'knex'
import { connections, currentConnection, isUniqueViolation, toDatabaseDate, whereExactly } from '#core/db'
import { clock } from '#core/utils'
import { whileLocked } from './locks.ts'
import {
  type Change,
  type NewRow,
  type SessionRow,
  type SessionTable,
  timeLimit,
  LOCKED,
  type Written,
} from './session_table.ts'

/** Rows that one statement of deleteExpired() deletes. */
const BATCH = 500

/** How many statements of MySQL may wait for locked rows, on connections that others need. */
const MAX_WAITING = 3

export class KnexTable implements SessionTable {
  readonly #alias: string
  readonly #table: string
  /** Statements in progress that wait for locked rows. */
  #waiting = 0

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

  update(change: Change): Promise<boolean> {
    return whileLocked(() => this.tryUpdate(change))
  }

  tryUpdate({ key, version, columns }: Change): Promise<Written> {
    return this.#write(this.living(key, version), (rows) => rows.update(columns))
  }

  /** Deletes the row of a key; with a version, only if it is still in this one. @returns whether there was one */
  remove(key: string, version?: string): Promise<boolean> {
    const row = version === undefined ? this.row(key) : this.living(key, version)
    return whileLocked(() => this.#write(row, (rows) => rows.delete()))
  }

  /** @param row is not changed */
  async #write(row: Knex.QueryBuilder, write: (rows: Knex.QueryBuilder) => PromiseLike<number>): Promise<Written> {
    const { backend, pool } = connections.database(this.#alias)
    // In a transaction of the caller, who may hold the lock, the statement waits.
    if (backend.vendor === 'sqlite' || currentConnection(this.#alias).isTransaction === true) {
      return (await write(row.clone())) > 0
    }
    if (backend.vendor === 'postgresql') {
      const free = row.clone().select('session_key').forUpdate().skipLocked()
      if ((await write(this.#limited().whereIn('session_key', free))) > 0) return true
    } else if (this.#waiting < MAX_WAITING) {
      // One statement is faster than a transaction, and cannot skip a locked row.
      this.#waiting++
      try {
        return (await write(row.clone())) > 0
      } finally {
        this.#waiting--
      }
    } else {
      const written = await pool.transaction(async (trx) => {
        const free: unknown = await row.clone().transacting(trx).forUpdate().skipLocked().first('session_key')
        return free === undefined ? 0 : write(row.clone().transacting(trx))
      })
      if (written > 0) return true
    }
    const found: unknown = await row.clone().first('session_key')
    return found === undefined ? false : LOCKED
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
