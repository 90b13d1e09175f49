/** Sessions in the table django_session: the engine that is used when no other is named. */
import type { Knex } from 'knex'
import { connections, currentConnection, fromDatabaseDate, toDatabaseDate } from '#core/db'
import { type JobResult, promiseTry } from '#core/concurrency'
import { clock } from '#core/utils'
import { decodeSession, encodeSession } from '../codec.ts'
import { SessionConflict, SessionGone } from '../exceptions.ts'
import { canBeKey, newSessionKey } from '../keys.ts'
import { KnexTable } from '../tables/knex_table.ts'
import { BatchedTable } from '../tables/fast/batched_table.ts'
import { SqliteTable } from '../tables/fast/sqlite_table.ts'
import type { Change, NewRow, SessionColumns, SessionRow } from '../tables/session_table.ts'
import type { LoadedSession, SavedSession, SessionDict, SessionRecord, SessionStore as Store } from '../store.ts'

/** How many rows clearExpired() deletes at once, so that no statement holds others up for long. */
const BATCH = 500

export interface DatabaseStoreOptions {
  /** The entry of DATABASES that has the table. */
  readonly alias?: string
  readonly table?: string
  /** Values of columns that the table has beside Django's three, from the session's data. */
  readonly extraColumns?: (data: Readonly<SessionDict>) => Readonly<Record<string, unknown>>
  readonly newKey?: () => string
}

class LoadedRow implements LoadedSession {
  readonly data: SessionDict
  readonly version: string
  readonly #expiresAt: () => number

  /** @param expiresAt seldom asked for, and dear */
  constructor(text: string, expiresAt: () => number) {
    this.data = decodeSession(text)
    this.version = text
    this.#expiresAt = expiresAt
  }

  get expiresAt(): number {
    return this.#expiresAt()
  }
}

export class SessionStore implements Store {
  readonly #alias: string
  readonly #table: string
  readonly #extraColumns: ((data: Readonly<SessionDict>) => Readonly<Record<string, unknown>>) | undefined
  readonly #newKey: () => string
  readonly #single: KnexTable
  readonly #gathered: BatchedTable
  /** There where the database can be read without waiting. */
  readonly loadSync?: (key: string) => LoadedSession | undefined

  constructor(options: DatabaseStoreOptions = {}) {
    this.#alias = options.alias ?? 'default'
    this.#table = options.table ?? 'django_session'
    this.#extraColumns = options.extraColumns
    this.#newKey = options.newKey ?? newSessionKey
    this.#single = new KnexTable(this.#alias, this.#table)
    this.#gathered = new BatchedTable(this.#alias, this.#table)
    // An engine that has its own way to load must not be passed by.
    if (this.load === SessionStore.prototype.load && connections.database(this.#alias).readsSync) {
      const table = new SqliteTable(this.#alias, this.#table)
      this.loadSync = (key) => {
        const text = canBeKey(key) ? table.textOf(key, this.#now()) : undefined
        return text === undefined ? undefined : new LoadedRow(text, () => this.#instant(table.expiryOf(key)))
      }
    }
  }

  /** Inside a transaction, statements are the transaction's; outside, those of many requests go together. */
  get #isAlone(): boolean {
    return this.#extraColumns !== undefined || currentConnection(this.#alias).isTransaction === true
  }

  #rows(): Knex.QueryBuilder<SessionRow> {
    return connections.get(this.#alias)<SessionRow>(this.#table)
  }

  #now(): string {
    return toDatabaseDate(clock.now(), this.#alias)
  }

  #columns(record: SessionRecord): SessionColumns {
    return {
      ...this.#extraColumns?.(record.data),
      session_data: encodeSession(record.data),
      expire_date: toDatabaseDate(record.expiresAt, this.#alias),
    }
  }

  /** A database that compares without regard to case finds keys that we never issued. */
  #session(key: string, row: SessionRow | undefined): LoadedSession | undefined {
    if (row === undefined || row.session_key !== key) return undefined
    return new LoadedRow(row.session_data, () => this.#instant(row.expire_date))
  }

  /** What a row says of its end. One that has gone since its text was read is over. */
  #instant(date: unknown): number {
    return date === undefined ? 0 : fromDatabaseDate(date, this.#alias)
  }

  // load() and update() are no async functions, nor are fetch() and #send() of KeptSession: while it waits, such a function
  // is several objects more, and dozens wait at once.

  load(key: string): Promise<LoadedSession | undefined> {
    if (!canBeKey(key)) return Promise.resolve(undefined)
    if (this.#isAlone) return this.#single.load([key], this.#now()).then(([row]) => this.#session(key, row))
    if (this.loadSync !== undefined) return this.#loadAtOnce(key)
    return this.#gathered.load(key).then((row) => this.#session(key, row))
  }

  async #loadAtOnce(key: string): Promise<LoadedSession | undefined> {
    return this.loadSync?.(key)
  }

  async create(record: SessionRecord): Promise<Required<SavedSession>> {
    const columns = this.#columns(record)
    for (;;) {
      const row: NewRow = { key: this.#newKey(), columns }
      const inserted = this.#isAlone ? await only(this.#single.insert([row])) : await this.#gathered.insert(row)
      // Where the key is taken another is drawn. What is there is never written over.
      if (inserted) return { key: row.key, version: columns.session_data }
    }
  }

  update(key: string, record: SessionRecord, version: string): Promise<Required<SavedSession>> {
    return promiseTry(() => {
      if (!canBeKey(key)) throw new SessionGone()
      const change: Change = { key, version, columns: this.#columns(record) }
      const saving = this.#isAlone ? only(this.#single.update([change], this.#now())) : this.#gathered.update(change)
      return saving.then((isSaved) => (isSaved ? { key, version: change.columns.session_data } : this.#refuse(key)))
    })
  }

  /** @throws SessionGone, or SessionConflict where the session is in another state */
  async #refuse(key: string): Promise<never> {
    throw (await this.load(key)) === undefined ? new SessionGone() : new SessionConflict()
  }

  async delete(key: string, version?: string): Promise<boolean> {
    if (!canBeKey(key)) return false
    const rows = version === undefined ? this.#single.row(key) : this.#single.living(key, version, this.#now())
    const deleted: number = await rows.delete()
    if (deleted === 0 && version !== undefined && (await this.load(key)) !== undefined) throw new SessionConflict()
    return deleted > 0
  }

  async exists(key: string): Promise<boolean> {
    return canBeKey(key) && (await this.#single.row(key).first('session_key')) !== undefined
  }

  async clearExpired(): Promise<number> {
    const now = this.#now()
    let deleted = 0
    for (;;) {
      // In the order of the index: a scan of the table would pass over all that was deleted before, every time.
      const keys: string[] = await this.#rows()
        .where('expire_date', '<', now)
        .orderBy('expire_date')
        .limit(BATCH)
        .pluck('session_key')
      if (keys.length === 0) return deleted
      // The date is asked again: a session may have been saved since, and lives.
      deleted += await this.#rows().whereIn('session_key', keys).where('expire_date', '<', now).delete()
    }
  }
}

/** What became of the one row that was given. */
async function only(outcomes: Promise<readonly JobResult<boolean>[]>): Promise<boolean> {
  const [outcome] = await outcomes
  return outcome !== undefined && 'answer' in outcome && outcome.answer
}
