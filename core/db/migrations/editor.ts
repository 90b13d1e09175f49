/** The `db` that a migration is given. */
import type { Knex } from 'knex'
import type { Vendor } from '../backend.ts'
import type { Database } from '../database.ts'
import type { MigrationEditor } from './migration.ts'

type Rows = Record<string, unknown>[]

/** The rows in what a driver answers: pg wraps them, mysql2 puts the columns beside them, a change has none. */
function rowsOf(answer: unknown, vendor: Vendor): Rows {
  const rows = {
    sqlite: () => answer,
    postgresql: () => (answer as { rows?: unknown }).rows,
    mysql: () => (answer as unknown[])[0],
  }[vendor]()
  return Array.isArray(rows) ? (rows as Rows) : []
}

export function editorOf(
  { alias, backend: { vendor } }: Pick<Database, 'alias' | 'backend'>,
  knex: Knex,
): MigrationEditor {
  return {
    alias,
    vendor,
    knex,
    get schema() {
      return knex.schema
    },
    async raw(sql, bindings = []) {
      return rowsOf((await knex.raw(sql, bindings)) as unknown, vendor)
    },
  }
}
