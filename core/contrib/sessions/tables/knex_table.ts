/** The table of sessions through knex, statement by statement: for any database, any columns, any transaction. */
import type { Knex } from 'knex'
import { connections, isUniqueViolation, whereExactly } from '#core/db'
import type { JobResult } from '#core/concurrency'
import type { Change, NewRow, SessionRow, SessionTable } from './session_table.ts'

export class KnexTable implements SessionTable {
  readonly #alias: string
  readonly #table: string

  constructor(alias: string, table: string) {
    this.#alias = alias
    this.#table = table
  }

  #rows(): Knex.QueryBuilder {
    return connections.get(this.#alias)(this.#table)
  }

  /** Where the database ignores case, there may be rows of keys that differ in case among them. */
  async load(keys: readonly string[], now: string): Promise<readonly SessionRow[]> {
    const rows: SessionRow[] = await this.#rows()
      .whereIn('session_key', keys)
      .where('expire_date', '>', now)
      .select('session_key', 'session_data', 'expire_date')
    return rows
  }

  insert(rows: readonly NewRow[]): Promise<JobResult<boolean>[]> {
    return each(rows, async ({ key, columns }) => {
      try {
        await this.#rows().insert({ session_key: key, ...columns })
        return true
      } catch (error) {
        if (isUniqueViolation(error)) return false
        throw error
      }
    })
  }

  update(changes: readonly Change[], now: string): Promise<JobResult<boolean>[]> {
    return each(changes, async ({ key, version, columns }) => {
      const updated: number = await this.living(key, version, now).update(columns)
      return updated > 0
    })
  }

  /** The row of a key, expired or not. */
  row(key: string): Knex.QueryBuilder {
    return whereExactly(this.#rows(), this.#alias, 'session_key', [key])
  }

  /** The row of a key, in a state, if it has not expired. */
  living(key: string, version: string, now: string): Knex.QueryBuilder {
    // A string without an index: a comparison of its bytes is enough.
    const same =
      connections.database(this.#alias).backend.vendor === 'mysql' ? 'binary session_data = ?' : 'session_data = ?'
    return this.row(key).whereRaw(same, [version]).where('expire_date', '>', now)
  }
}

async function each<Job>(jobs: readonly Job[], work: (job: Job) => Promise<boolean>): Promise<JobResult<boolean>[]> {
  const outcomes: JobResult<boolean>[] = []
  for (const job of jobs) outcomes.push({ answer: await work(job) })
  return outcomes
}
