/** The table of sessions for batches: one statement or one transaction for many sessions. */
import type { JobResult } from '#core/concurrency'
import type { Change, NewRow, SessionRow } from '../session_table.ts'

/** No two rows of a batch have the same key. `now` is a date as the column stores it. */
export interface BatchTable {
  /** The rows that have not expired, in any order. */
  load(keys: readonly string[], now: string): Promise<readonly SessionRow[]>
  /** Whether each was inserted: false if its key is taken. */
  insert(rows: readonly NewRow[]): Promise<readonly JobResult<boolean>[]>
  /** Whether each was written: false if there is no such row any more. */
  update(changes: readonly Change[], now: string): Promise<readonly JobResult<boolean>[]>
}

/** A table's name in SQL, preceded by its schema's and a dot if it has one. */
export const quotedName = (table: string): string =>
  table
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')

/** Results by key: true for those that a statement returned. */
export function byKey(all: readonly NewRow[], done: Iterable<string>): JobResult<boolean>[] {
  const keys = new Set(done)
  return all.map(({ key }) => ({ answer: keys.has(key) }))
}
