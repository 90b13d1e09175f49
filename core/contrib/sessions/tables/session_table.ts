/** The contracts of the session table, for single sessions and for batches, and a session loaded from a row. */
import type { JobResult } from '#core/concurrency'
import { settings } from '#core/conf'
import { decodeSession } from '../codec.ts'
import type { LoadedSession, SessionDict } from '../store.ts'

export interface SessionRow {
  readonly session_key: string
  readonly session_data: string
  /** A string or a Date, as the database's driver returns it. */
  readonly expire_date: unknown
}

/** The columns that a save writes: Django's two, and those that a project's own table has in addition. */
export interface SessionColumns {
  readonly session_data: string
  readonly expire_date: string
}

export interface NewRow {
  readonly key: string
  readonly columns: SessionColumns
}

/** Columns to write to a row that has not expired and still has the old data. */
export interface Change extends NewRow {
  readonly version: string
}

/** The result for a row that is there in the right version, and that another transaction has locked. */
export const LOCKED = 'locked'

export type Written = boolean | typeof LOCKED

export interface SessionTable {
  /**
   * The row of a key, undefined if there is none or it has expired. Where the database compares without regard to case,
   * it may be that of a key that differs in case.
   */
  load(key: string): Promise<SessionRow | undefined>
  /** The same synchronously, from committed data. Absent if the database cannot be read so. */
  readonly loadSync?: (key: string) => SessionRow | undefined
  /** False if the key is taken. */
  insert(row: NewRow): Promise<boolean>
  /** False if there is no such row any more. */
  update(change: Change): Promise<boolean>
}

export class LoadedRow implements LoadedSession {
  readonly data: SessionDict
  readonly version: string
  readonly #expiresAt: () => number

  constructor(text: string, expiresAt: () => number) {
    this.data = decodeSession(text)
    this.version = text
    this.#expiresAt = expiresAt
  }

  /** Computed lazily because it is expensive and rarely needed. */
  get expiresAt(): number {
    return this.#expiresAt()
  }
}

/** No two rows of a batch have the same key. `now` is a date as the column stores it. */
export interface BatchTable {
  /** The rows that have not expired, in any order. */
  load(keys: readonly string[], now: string): Promise<readonly SessionRow[]>
  /** Whether each was inserted: false if its key is taken. */
  insert(rows: readonly NewRow[]): Promise<readonly JobResult<boolean>[]>
  /** Whether each was written: false if there is no such row any more, `LOCKED` if another transaction holds it. */
  update(changes: readonly Change[], now: string): Promise<readonly JobResult<Written>[]>
}

/** The longest time of a statement, in milliseconds: later, its caller has been told that the store failed. */
export const storeTimeout = (): number => settings.SESSION_STORE_TIMEOUT * 1000

/** The same as an option of a query builder. */
export const timeLimit = (): object => ({ responseTimeout: storeTimeout() })

/** A table's name in SQL, preceded by its schema's and a dot if it has one. */
export const quotedName = (table: string): string =>
  table
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')

/** Results by key: true for those that a statement returned. */
export function byKey(all: readonly NewRow[], done: Iterable<string>): { readonly answer: boolean }[] {
  const keys = new Set(done)
  return all.map(({ key }) => ({ answer: keys.has(key) }))
}
