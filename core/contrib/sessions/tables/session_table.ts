/** What the db engine asks of a table of sessions, for one session or for many at once. */
import type { JobResult } from '#core/concurrency'

export interface SessionRow {
  readonly session_key: string
  readonly session_data: string
  /** Text or Date, as the database's driver gives it. */
  readonly expire_date: unknown
}

/** The columns that a save writes: Django's two, and what a project's own table has beside them. */
export interface SessionColumns {
  readonly session_data: string
  readonly expire_date: string
}

export interface NewRow {
  readonly key: string
  readonly columns: SessionColumns
}

/** Columns to be written over a row that has not expired and still has the old text. */
export interface Change extends NewRow {
  readonly version: string
}

/** The statements for many sessions at once. No two of them have the same key. `now` is a date as the column has it. */
export interface SessionTable {
  /** The rows that have not expired, in any order. */
  load(keys: readonly string[], now: string): Promise<readonly SessionRow[]>
  /** Whether each was inserted: false where its key is taken. */
  insert(rows: readonly NewRow[]): Promise<readonly JobResult<boolean>[]>
  /** Whether each was written: false where there is no such row any more. */
  update(changes: readonly Change[], now: string): Promise<readonly JobResult<boolean>[]>
}

/** A table's name in SQL, with its schema's before a dot. */
export const quotedName = (table: string): string =>
  table
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')

/** Outcomes by key: true for those that a statement gave back. */
export function byKey(all: readonly NewRow[], done: Iterable<string>): JobResult<boolean>[] {
  const keys = new Set(done)
  return all.map(({ key }) => ({ answer: keys.has(key) }))
}
