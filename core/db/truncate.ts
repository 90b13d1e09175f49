/** Deletes all rows of tables and resets their automatic keys, in each SQL dialect. */
import type { Knex } from 'knex'
import type { Vendor } from './backend.ts'
import type { Database } from './database.ts'

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
