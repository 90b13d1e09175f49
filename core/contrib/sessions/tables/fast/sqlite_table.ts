/** The table of sessions in SQLite: many saves in one transaction, which costs the disk no more than a single one. */
import { connections, isUniqueViolation, type Statements } from '#core/db'
import type { JobResult } from '#core/concurrency'
import { type Change, type NewRow, quotedName, type SessionRow, type SessionTable } from '../session_table.ts'

export class SqliteTable implements SessionTable {
  readonly #alias: string
  readonly #load: string
  readonly #loadText: string
  readonly #loadExpiry: string
  readonly #insert: string
  readonly #update: string

  constructor(alias: string, table: string) {
    const name = quotedName(table)
    this.#alias = alias
    const living = `FROM ${name} WHERE session_key = ? AND expire_date > ?`
    this.#load = `SELECT session_key, session_data, expire_date ${living}`
    this.#loadText = `SELECT session_data ${living}`
    this.#loadExpiry = `SELECT expire_date FROM ${name} WHERE session_key = ?`
    this.#insert = `INSERT INTO ${name} (session_key, session_data, expire_date) VALUES (?, ?, ?)`
    this.#update =
      `UPDATE ${name} SET session_data = ?, expire_date = ?` +
      ' WHERE session_key = ? AND session_data = ? AND expire_date > ?'
  }

  /** The text alone, without waiting. Undefined for a key that is not there, or whose session has expired. */
  textOf(key: string, now: string): string | undefined {
    return this.#value(this.#loadText, [key, now]) as string | undefined
  }

  /** The date alone, without waiting. */
  expiryOf(key: string): unknown {
    return this.#value(this.#loadExpiry, [key])
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
    return backend.transactionSync(pool, work)
  }
}
