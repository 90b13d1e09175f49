/** The table of sessions in SQLite: many saves in one transaction, which costs the disk no more than a single one. */
import { connections, isUniqueViolation, type Statements } from '#core/db'
import type { JobResult } from '#core/concurrency'
import {
  type BatchTable,
  type Change,
  type NewRow,
  quotedName,
  type SessionRow,
  storeTimeout,
} from '../session_table.ts'

/** A row whose date is read when it is used, because a row of three columns takes twice as long as one value. */
class LazyRow implements SessionRow {
  readonly session_key: string
  readonly session_data: string
  readonly #readExpiry: () => unknown

  constructor(key: string, data: string, readExpiry: () => unknown) {
    this.session_key = key
    this.session_data = data
    this.#readExpiry = readExpiry
  }

  /** Undefined if the row was deleted since its data was read. */
  get expire_date(): unknown {
    return this.#readExpiry()
  }
}

export class SqliteTable implements BatchTable {
  readonly #alias: string
  readonly #load: string
  readonly #loadData: string
  readonly #loadExpiry: string
  readonly #insert: string
  readonly #update: string

  constructor(alias: string, table: string) {
    const name = quotedName(table)
    this.#alias = alias
    const living = `FROM ${name} WHERE session_key = ? AND expire_date > ?`
    this.#load = `SELECT session_key, session_data, expire_date ${living}`
    this.#loadData = `SELECT session_data ${living}`
    this.#loadExpiry = `SELECT expire_date FROM ${name} WHERE session_key = ?`
    this.#insert = `INSERT INTO ${name} (session_key, session_data, expire_date) VALUES (?, ?, ?)`
    this.#update =
      `UPDATE ${name} SET session_data = ?, expire_date = ?` +
      ' WHERE session_key = ? AND session_data = ? AND expire_date > ?'
  }

  /** Reads synchronously, from committed data. */
  loadSync(key: string, now: string): SessionRow | undefined {
    const data = this.#value(this.#loadData, [key, now]) as string | undefined
    return data === undefined ? undefined : new LazyRow(key, data, () => this.#value(this.#loadExpiry, [key]))
  }

  #value(sql: string, bindings: readonly unknown[]): unknown {
    return connections.database(this.#alias).reader?.value(sql, bindings)
  }

  load(keys: readonly string[], now: string): Promise<SessionRow[]> {
    return this.#transaction((statements) =>
      keys.flatMap((key) => (statements.get(this.#load, [key, now]) as SessionRow | undefined) ?? []),
    )
  }

  insert(rows: readonly NewRow[]): Promise<JobResult<boolean>[]> {
    return this.#each(rows, (statements, { key, columns }) => {
      try {
        return statements.run(this.#insert, [key, columns.session_data, columns.expire_date]) > 0
      } catch (error) {
        if (isUniqueViolation(error)) return false
        throw error
      }
    })
  }

  update(changes: readonly Change[], now: string): Promise<JobResult<boolean>[]> {
    return this.#each(changes, (statements, { key, version, columns }) => {
      return statements.run(this.#update, [columns.session_data, columns.expire_date, key, version, now]) > 0
    })
  }

  /** A statement for each, all in one transaction. */
  #each<Job>(jobs: readonly Job[], work: (statements: Statements, job: Job) => boolean): Promise<JobResult<boolean>[]> {
    return this.#transaction((statements) => jobs.map((job) => ({ answer: work(statements, job) })))
  }

  #transaction<T>(work: (statements: Statements) => T): Promise<T> {
    const { backend, pool } = connections.database(this.#alias)
    if (backend.transactionSync === undefined) throw new TypeError('This is a table for SQLite.')
    return backend.transactionSync(pool, work, storeTimeout())
  }
}
