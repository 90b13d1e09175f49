/** What the db engine asks of the table of sessions, and a session that was loaded from a row. */
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
