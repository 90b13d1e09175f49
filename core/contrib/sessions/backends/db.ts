/** Sessions in the table django_session: the engine that is used when no other is named. */
import type { Knex } from 'knex'
import { connections, fromDatabaseDate, isUniqueViolation, toDatabaseDate } from '#core/db'
import { clock } from '#core/utils'
import { decodeSession, encodeSession } from '../codec.ts'
import { SessionConflict, SessionGone } from '../exceptions.ts'
import { canBeKey, newSessionKey } from '../keys.ts'
import type { LoadedSession, SessionDict, SessionRecord, SessionStore as Store } from '../store.ts'

interface Row {
  session_key: string
  session_data: string
  /** Text or Date, as the database's driver gives it. */
  expire_date: unknown
}

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

export class SessionStore implements Store {
  readonly #alias: string
  readonly #table: string
  readonly #extraColumns: (data: Readonly<SessionDict>) => Readonly<Record<string, unknown>>
  readonly #newKey: () => string

  constructor(options: DatabaseStoreOptions = {}) {
    this.#alias = options.alias ?? 'default'
    this.#table = options.table ?? 'django_session'
    this.#extraColumns = options.extraColumns ?? (() => ({}))
    this.#newKey = options.newKey ?? newSessionKey
  }

  #rows(): Knex.QueryBuilder<Row> {
    return connections.get(this.#alias)<Row>(this.#table)
  }

  #now(): string {
    return toDatabaseDate(clock.now(), this.#alias)
  }

  /** The row of a key, in a state, if it has not expired. MySQL compares text without regard to case: bytes do not. */
  #living(key: string, version: string): Knex.QueryBuilder<Row> {
    const same =
      connections.database(this.#alias).backend.vendor === 'mysql' ? 'binary session_data = ?' : 'session_data = ?'
    return this.#rows().where('session_key', key).whereRaw(same, [version]).where('expire_date', '>', this.#now())
  }

  #columns(record: SessionRecord): Pick<Row, 'session_data' | 'expire_date'> {
    return {
      ...this.#extraColumns(record.data),
      session_data: encodeSession(record.data),
      expire_date: toDatabaseDate(record.expiresAt, this.#alias),
    }
  }

  async load(key: string): Promise<LoadedSession | undefined> {
    if (!canBeKey(key)) return undefined
    const row = (await this.#rows().where('session_key', key).where('expire_date', '>', this.#now()).first()) as
      | Row
      | undefined
    // A database that compares without regard to case finds keys that we never issued.
    if (row === undefined || row.session_key !== key) return undefined
    return {
      data: decodeSession(row.session_data),
      version: row.session_data,
      expiresAt: fromDatabaseDate(row.expire_date, this.#alias),
    }
  }

  async create(record: SessionRecord): Promise<{ key: string; version: string }> {
    const columns = this.#columns(record)
    for (;;) {
      const key = this.#newKey()
      try {
        await this.#rows().insert({ session_key: key, ...columns })
        return { key, version: columns.session_data }
      } catch (error) {
        // The key is taken: another is drawn. What is there is never written over.
        if (!isUniqueViolation(error)) throw error
      }
    }
  }

  async update(key: string, record: SessionRecord, version: string): Promise<{ key: string; version: string }> {
    const columns = this.#columns(record)
    const saved: number = await this.#living(key, version).update(columns)
    if (saved === 0) throw await this.#whatHappenedTo(key)
    return { key, version: columns.session_data }
  }

  async #whatHappenedTo(key: string): Promise<Error> {
    return (await this.load(key)) === undefined ? new SessionGone() : new SessionConflict()
  }

  async delete(key: string, version?: string): Promise<boolean> {
    const rows = version === undefined ? this.#rows().where('session_key', key) : this.#living(key, version)
    const deleted: number = await rows.delete()
    if (deleted === 0 && version !== undefined && (await this.load(key)) !== undefined) throw new SessionConflict()
    return deleted > 0
  }

  async exists(key: string): Promise<boolean> {
    return (await this.#rows().where('session_key', key).first('session_key')) !== undefined
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
