/** What differs between databases: dates in columns, the exact comparison of strings, and truncating tables. */
import type { Knex } from 'knex'
import type { Vendor } from './backend.ts'
import { connections } from './connections.ts'
import type { Database } from './database.ts'
import { connectionZone, fromDateString, toDateString } from './date_strings.ts'

/**
 * A date to write to a date column, or to compare with one.
 * @param ms milliseconds since the epoch; may have a fraction
 */
export function toDatabaseDate(ms: number, alias = 'default'): string {
  const { backend, entry } = connections.database(alias)
  return toDateString(ms, backend, entry)
}

/**
 * The date in a date column, in milliseconds since the epoch, with a fraction.
 * @param value the column as the driver returned it: a string, or a Date
 * @throws TypeError for a value that is not a date
 */
export function fromDatabaseDate(value: unknown, alias = 'default'): number {
  return fromDateString(value, connectionZone(connections.database(alias).entry))
}

/**
 * Adds the condition that a column equals one of some strings. Collations of MySQL also treat strings as equal that differ
 * in case, accents, width or trailing spaces, so the bytes are compared, too. Only the first comparison can use an index.
 * @param alias of the database of the query
 */
export function whereExactly<Query extends Knex.QueryBuilder>(
  query: Query,
  alias: string,
  column: string,
  values: readonly string[],
): Query {
  query.whereIn(column, values)
  if (connections.database(alias).backend.vendor === 'mysql') {
    query.whereRaw(`?? in (${values.map(() => 'cast(? as binary)').join(', ')})`, [column, ...values])
  }
  return query
}

const names = (tables: readonly string[], mark: string): string => tables.map(() => mark).join(', ')

const truncate: Readonly<Record<Vendor, (trx: Knex, tables: readonly string[]) => Promise<void>>> = {
  async sqlite(trx, tables) {
    for (const table of tables) await trx.raw('DELETE FROM ??', [table])
    // The table exists if a table with an AUTOINCREMENT key does.
    if (!(await trx.schema.hasTable('sqlite_sequence'))) return
    await trx.raw(`UPDATE sqlite_sequence SET seq = 0 WHERE name IN (${names(tables, '?')})`, [...tables])
  },

  // In one statement, so that tables may refer to each other. A reference from another table is an error.
  async postgresql(trx, tables) {
    await trx.raw(`TRUNCATE ${names(tables, '??')} RESTART IDENTITY`, [...tables])
  },

  async mysql(trx, tables) {
    await trx.raw('SET FOREIGN_KEY_CHECKS = 0')
    try {
      for (const table of tables) await trx.raw('TRUNCATE ??', [table])
    } finally {
      await trx.raw('SET FOREIGN_KEY_CHECKS = 1')
    }
  },
}

/**
 * Truncates all of the tables, or none if one fails. On MySQL, where TRUNCATE commits, those before it are truncated.
 * @param tables names: `table` or `schema.table`
 */
export async function truncateTables({ backend, pool }: Database, tables: readonly string[]): Promise<void> {
  if (tables.length === 0) return
  await backend.migrationTransaction(pool, (trx) => truncate[backend.vendor](trx, tables))
}
