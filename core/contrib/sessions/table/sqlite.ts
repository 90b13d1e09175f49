/** The table of sessions in SQLite: many saves in one transaction, which costs the disk no more than a single one. */
import { connections, isUniqueViolation, type Statements } from '#core/db'
import type { Outcome } from '#core/utils'
import type { Change, NewRow, SessionRow, SessionTable } from './table.ts'

export class SqliteTable implements SessionTable {
  readonly #alias: string
  readonly #load: string
  readonly #insert: string
  readonly #update: string

  constructor(alias: string, table: string) {
    const name = `"${table.replaceAll('"', '""')}"`
    this.#alias = alias
    this.#load = `SELECT session_key, session_data, expire_date FROM ${name} WHERE session_key = ? AND expire_date > ?`
    this.#insert = `INSERT INTO ${name} (session_key, session_data, expire_date) VALUES (?, ?, ?)`
    this.#update =
      `UPDATE ${name} SET session_data = ?, expire_date = ?` +
      ' WHERE session_key = ? AND session_data = ? AND expire_date > ?'
  }

  /** Without waiting. Undefined for a key that is not there, or whose session has expired. */
  loadSync(key: string, now: string): SessionRow | undefined {
    return connections.database(this.#alias).reader?.get(this.#load, [key, now]) as SessionRow | undefined
  }

  load(keys: readonly string[], now: string): Promise<SessionRow[]> {
    return this.#atOnce((statements) =>
      keys.flatMap((key) => (statements.get(this.#load, [key, now]) as SessionRow | undefined) ?? []),
    )
  }

  insert(rows: readonly NewRow[]): Promise<Outcome<boolean>[]> {
    return this.#each(rows, (statements, { key, columns }) => {
      try {
        return statements.run(this.#insert, [key, columns.session_data, columns.expire_date]) > 0
      } catch (error) {
        if (isUniqueViolation(error)) return false
        throw error
      }
    })
  }

  update(changes: readonly Change[], now: string): Promise<Outcome<boolean>[]> {
    return this.#each(changes, (statements, { key, version, columns }) => {
      return statements.run(this.#update, [columns.session_data, columns.expire_date, key, version, now]) > 0
    })
  }

  /** A statement for each, all in one transaction. */
  #each<Job>(jobs: readonly Job[], work: (statements: Statements, job: Job) => boolean): Promise<Outcome<boolean>[]> {
    return this.#atOnce((statements) => jobs.map((job) => ({ answer: work(statements, job) })))
  }

  #atOnce<T>(work: (statements: Statements) => T): Promise<T> {
    const { backend, pool } = connections.database(this.#alias)
    if (backend.transactionAtOnce === undefined) throw new TypeError('This is a table for SQLite.')
    return backend.transactionAtOnce(pool, work)
  }
}
