/** The SQL of a migration, without running it: a knex of the database's dialect records the statements. */
import type { Knex } from 'knex'
import { trimEndOf } from '#core/utils'
import type { Vendor } from '../backend.ts'
import type { Database } from '../database.ts'
import { loadKnex } from '../drivers.ts'
import { editorOf, type Migration } from './migration.ts'

interface Query {
  readonly sql: string
  readonly bindings?: unknown[]
  response?: unknown
  context?: unknown
}

/** Empty results of the drivers. */
const emptyResult: Readonly<Record<Vendor, (sql: string) => unknown>> = {
  sqlite: () => [],
  postgresql: (sql) => ({ rows: [], rowCount: 0, command: /^\s*(\w*)/.exec(sql)?.[1]?.toUpperCase() }),
  mysql: () => [[], []],
}

/** The result of `ddl`, by which knex obtains the statements for a change that SQLite cannot make directly. */
const noStatements = { pre: [], sql: [], post: [], check: null }

/** A knex that passes its statements to `written` instead of a database. */
function recordingKnex(database: Database, written: (sql: string) => void): Knex {
  const Dialect = database.dialect()
  // Not a field, because knex creates the client of a transaction without calling the constructor.
  let isRebuilding = false
  class Recording extends Dialect {
    override acquireConnection(): Promise<object> {
      return Promise.resolve({})
    }

    override releaseConnection(): Promise<void> {
      return Promise.resolve()
    }

    /**
     * On SQLite, knex changes a column by creating the table again from the definition that it reads from the database. So
     * the statements are unknown here.
     */
    ddl(table: { tableName(): string }, definition: unknown): object {
      const change = (name: string) => async (): Promise<typeof noStatements> => {
        written(`-- recreates ${table.tableName()}: ${name}`)
        isRebuilding = definition === undefined
        return noStatements
      }
      return new Proxy({}, { get: (_, name) => change(String(name)) })
    }

    override transaction(...parameters: Parameters<Knex.Client['transaction']>): Knex.Transaction {
      if (!isRebuilding) return super.transaction(...parameters)
      // knex begins this transaction for the statements of ddl().
      isRebuilding = false
      return undefined as unknown as Knex.Transaction
    }

    override query(_connection: unknown, given: string | Query): Promise<Query> {
      const query: Query = typeof given === 'string' ? { sql: given } : given
      const bindings = (this as unknown as { prepBindings(values: unknown): unknown }).prepBindings(query.bindings)
      const values = Array.isArray(bindings) && bindings.length > 0 ? (bindings as Knex.RawBinding[]) : undefined
      written(values === undefined ? query.sql : (this as unknown as Knex).raw(query.sql, values).toQuery())
      query.response = emptyResult[database.backend.vendor](query.sql)
      query.context = { lastID: 0, changes: 0 }
      return Promise.resolve(query)
    }
  }
  const knex = loadKnex()({ client: Recording, useNullAsDefault: true })
  // As part of the configuration, they would make knex load the driver.
  Object.assign(knex.client as Knex.Client, { connectionSettings: { database: database.entry.NAME, options: {} } })
  return knex
}

/** A statement with a semicolon at its end. A query is a comment, because it has no result here. */
function line(sql: string): string {
  const text = trimEndOf(sql.trim(), ';')
  if (/^--.*$/.test(text)) return text
  return /^(select|show|pragma table_info)\b/i.test(text)
    ? `-- queries the database: ${text.replaceAll('\n', ' ')}`
    : `${text};`
}

/**
 * Passes each statement of a migration to `written`.
 * @throws Error if the migration needs the result of a query
 */
export async function writeSql(
  database: Database,
  { up, down }: Pick<Migration, 'up' | 'down'>,
  written: (sql: string) => void,
  backwards = false,
): Promise<void> {
  const knex = recordingKnex(database, (sql) => written(line(sql)))
  await (backwards ? down : up)?.(editorOf(database, knex))
}

/** The statements of a migration. @throws Error if the migration needs the result of a query */
export async function migrationSql(database: Database, migration: Migration, backwards = false): Promise<string[]> {
  const statements: string[] = []
  await writeSql(database, migration, (sql) => statements.push(sql), backwards)
  return statements
}
