/** Deletes every row of some tables, and lets their automatic keys begin anew, on each family of SQL. */
import type { Knex } from 'knex'
import type { Vendor } from './backend.ts'
import type { Database } from './database.ts'

const names = (tables: readonly string[], mark: string): string => tables.map(() => mark).join(', ')

const emptying: Readonly<Record<Vendor, (trx: Knex, tables: readonly string[]) => Promise<void>>> = {
  async sqlite(trx, tables) {
    for (const table of tables) await trx.raw('DELETE FROM ??', [table])
    // The table is there once a key with AUTOINCREMENT is.
    if (!(await trx.schema.hasTable('sqlite_sequence'))) return
    await trx.raw(`UPDATE sqlite_sequence SET seq = 0 WHERE name IN (${names(tables, '?')})`, [...tables])
  },

  // In one statement, so that tables may refer to each other. One of somebody else's that refers to them is an error.
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
 * Empties tables, all or none of them; on MySQL, where emptying one ends the transaction, up to the one that fails.
 * @param tables `table` or `schema.table`
 */
export async function truncateTables({ backend, pool }: Database, tables: readonly string[]): Promise<void> {
  if (tables.length === 0) return
  await backend.migrationTransaction(pool, (trx) => emptying[backend.vendor](trx, tables))
}
