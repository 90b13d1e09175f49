/** Sessions in the table django_session: the engine that is used when no other is named. */
import { promiseTry } from '#core/concurrency'
import { connections, currentConnection, fromDatabaseDate, toDatabaseDate } from '#core/db'
import { fastPaths } from '#core/utils'
import { encodeSession } from '../codec.ts'
import { SessionConflict, SessionGone } from '../exceptions.ts'
import {
  canBeKey,
  type LoadedSession,
  newSessionKey,
  type SavedSession,
  type SessionDict,
  type SessionRecord,
  type SessionStore as Store,
} from '../store.ts'
import { KnexTable } from '../tables/knex_table.ts'
import { BatchedTable } from '../tables/fast/batched_table.ts'
import {
  type Change,
  LoadedRow,
  type NewRow,
  type SessionColumns,
  type SessionRow,
  type SessionTable,
} from '../tables/session_table.ts'

export interface DatabaseStoreOptions {
  /** The entry of DATABASES that has the table. */
  readonly alias?: string
  readonly table?: string
  /** Values of the columns that the table has in addition to Django's three, from the session's data. */
  readonly extraColumns?: (data: Readonly<SessionDict>) => Readonly<Record<string, unknown>>
  readonly newKey?: () => string
}

export class SessionStore implements Store {
  readonly #alias: string
  readonly #extraColumns: ((data: Readonly<SessionDict>) => Readonly<Record<string, unknown>>) | undefined
  readonly #newKey: () => string
  readonly #plain: KnexTable
  readonly #fast: SessionTable | undefined
  /** Present if the database can be read synchronously. */
  readonly loadSync?: (key: string) => LoadedSession | undefined

  constructor({ alias = 'default', table = 'django_session', extraColumns, newKey }: DatabaseStoreOptions = {}) {
    // A missing entry is an error now, not at the first request.
    connections.database(alias)
    this.#alias = alias
    this.#extraColumns = extraColumns
    this.#newKey = newKey ?? newSessionKey
    this.#plain = new KnexTable(alias, table)
    const batched = fastPaths ? new BatchedTable(alias, table) : undefined
    // Batches write Django's columns only.
    this.#fast = extraColumns === undefined ? batched : undefined
    const loadSync = batched?.loadSync
    // A subclass that loads in its own way must not be bypassed.
    if (loadSync === undefined || this.load !== SessionStore.prototype.load) return
    this.loadSync = (key) => (canBeKey(key) ? this.#session(key, loadSync(key)) : undefined)
  }

  /** Inside `transaction()`, statements belong to that transaction, so that they cannot be batched with others. */
  get #table(): SessionTable {
    const { isTransaction } = currentConnection(this.#alias)
    return this.#fast === undefined || isTransaction === true ? this.#plain : this.#fast
  }

  #columns(record: SessionRecord): SessionColumns {
    return {
      ...this.#extraColumns?.(record.data),
      session_data: encodeSession(record.data),
      expire_date: toDatabaseDate(record.expiresAt, this.#alias),
    }
  }

  /** A database that compares without regard to case finds keys that were never issued. */
  #session(key: string, row: SessionRow | undefined): LoadedSession | undefined {
    if (row === undefined || row.session_key !== key) return undefined
    return new LoadedRow(row.session_data, () => this.#instant(row.expire_date))
  }

  /** The end of a session. A row that was deleted since its data was read has expired. */
  #instant(date: unknown): number {
    return date === undefined ? 0 : fromDatabaseDate(date, this.#alias)
  }

  // load() and update() are not async functions: while it waits, an async function costs several objects more.

  load(key: string): Promise<LoadedSession | undefined> {
    if (!canBeKey(key)) return Promise.resolve(undefined)
    return this.#table.load(key).then((row) => this.#session(key, row))
  }

  async create(record: SessionRecord): Promise<Required<SavedSession>> {
    const columns = this.#columns(record)
    for (;;) {
      const row: NewRow = { key: this.#newKey(), columns }
      // If the key is taken, another is drawn. A row that exists is never overwritten.
      if (await this.#table.insert(row)) return { key: row.key, version: columns.session_data }
    }
  }

  update(key: string, record: SessionRecord, version: string): Promise<Required<SavedSession>> {
    return promiseTry(() => {
      if (!canBeKey(key)) throw new SessionGone()
      const change: Change = { key, version, columns: this.#columns(record) }
      const saving = this.#table.update(change)
      return saving.then((isSaved) => (isSaved ? { key, version: change.columns.session_data } : this.#refuse(key)))
    })
  }

  /** @throws SessionGone, or SessionConflict if the session is in another state */
  async #refuse(key: string): Promise<never> {
    throw (await this.load(key)) === undefined ? new SessionGone() : new SessionConflict()
  }

  async delete(key: string, version?: string): Promise<boolean> {
    if (!canBeKey(key)) return false
    const isDeleted = await this.#plain.remove(key, version)
    if (!isDeleted && version !== undefined && (await this.load(key)) !== undefined) throw new SessionConflict()
    return isDeleted
  }

  async exists(key: string): Promise<boolean> {
    return canBeKey(key) && (await this.#plain.row(key).first('session_key')) !== undefined
  }

  clearExpired(): Promise<number> {
    return this.#plain.deleteExpired()
  }
}
