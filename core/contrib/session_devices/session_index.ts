/** The table that maps sessions to users. It may contain ended sessions, but never misses an active one. */
import type { Knex } from 'knex'
import { connections, DEFAULT_ALIAS, fromDatabaseDate, isUniqueViolation, toDatabaseDate, whereExactly } from '#core/db'
import { clock } from '#core/utils'

interface Row {
  session_key: string
  user_id: string
  /** A string or Date, depending on the database driver. */
  created: unknown
  description: string
}

export interface IndexedSession {
  readonly key: string
  readonly userId: string
  /** In milliseconds since the epoch. */
  readonly created: number
  readonly description: string
}

export class SessionIndex {
  #rows(): Knex.QueryBuilder<Row> {
    return connections.get()<Row>('session_devices')
  }

  #rowOf(key: string): Knex.QueryBuilder {
    return whereExactly(this.#rows(), DEFAULT_ALIAS, 'session_key', [key])
  }

  #read = (row: Row): IndexedSession => ({
    key: row.session_key,
    userId: row.user_id,
    created: fromDatabaseDate(row.created),
    description: row.description,
  })

  /** Sets the user of a session. A session that changes users belongs to the last one. */
  async add(key: string, userId: string, description: string): Promise<void> {
    const row = { session_key: key, user_id: userId, created: toDatabaseDate(clock.now()), description }
    try {
      await this.#rows().insert(row)
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      await this.#rowOf(key).update({ user_id: userId })
    }
  }

  async remove(key: string): Promise<void> {
    await this.#rowOf(key).delete()
  }

  /** The sessions of a user, newest first. */
  async of(userId: string): Promise<IndexedSession[]> {
    // No user has an id that does not fit the column, and PostgreSQL rejects NUL.
    if (userId.length > 255 || userId.includes('\0')) return []
    const users = whereExactly(this.#rows(), DEFAULT_ALIAS, 'user_id', [userId])
    const rows = (await users.orderBy('created', 'desc').select()) as Row[]
    return rows.map(this.#read)
  }

  /** All entries, read in batches, for `clearExpired`. */
  async *all(batch = 500): AsyncGenerator<IndexedSession> {
    for (let last = ''; ; ) {
      const rows = (await this.#rows().where('session_key', '>', last).orderBy('session_key').limit(batch)) as Row[]
      if (rows.length === 0) return
      for (const row of rows) yield this.#read(row)
      last = (rows.at(-1) as Row).session_key
    }
  }
}
