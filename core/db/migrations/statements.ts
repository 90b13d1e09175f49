/** The SQL of a migration without running it: a knex of the database's dialect whose statements are written down. */
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

/** How a driver answers when there is nothing. */
const nothing: Readonly<Record<Vendor, (sql: string) => unknown>> = {
  sqlite: () => [],
  postgresql: (sql) => ({ rows: [], rowCount: 0, command: /^\s*(\w*)/.exec(sql)?.[1]?.toUpperCase() }),
  mysql: () => [[], []],
}

/** What knex asks of a client for a change of a column that SQLite cannot make: the statements to run instead. */
const noStatements = { pre: [], sql: [], post: [], check: null }

/** A knex that sends nothing; each statement goes to `written`. */
function writingKnex(database: Database, written: (sql: string) => void): Knex {
  const Dialect = database.dialect()
  // Not a field: knex makes the client of a transaction without the constructor.
  let isRebuilding = false
  class Writing extends Dialect {
    override acquireConnection(): Promise<object> {
      return Promise.resolve({})
    }

    override releaseConnection(): Promise<void> {
      return Promise.resolve()
    }

    /**
     * On SQLite, knex changes a column by making the table anew from the definition that the database gives it: nothing
     * of that can be told before it is done.
     */
    ddl(table: { tableName(): string }, answer: unknown): object {
      const change = (name: string) => async (): Promise<typeof noStatements> => {
        written(`-- makes ${table.tableName()} anew: ${name}`)
        isRebuilding = answer === undefined
        return noStatements
      }
      return new Proxy({}, { get: (_, name) => change(String(name)) })
    }

    override transaction(...parameters: Parameters<Knex.Client['transaction']>): Knex.Transaction {
      if (!isRebuilding) return super.transaction(...parameters)
      // That which knex begins for the statements that there are not.
      isRebuilding = false
      return undefined as unknown as Knex.Transaction
    }

    override query(_connection: unknown, asked: string | Query): Promise<Query> {
      const query: Query = typeof asked === 'string' ? { sql: asked } : asked
      const bindings = (this as unknown as { prepBindings(values: unknown): unknown }).prepBindings(query.bindings)
      const values = Array.isArray(bindings) && bindings.length > 0 ? (bindings as Knex.RawBinding[]) : undefined
      written(values === undefined ? query.sql : (this as unknown as Knex).raw(query.sql, values).toQuery())
      query.response = nothing[database.backend.vendor](query.sql)
      query.context = { lastID: 0, changes: 0 }
      return Promise.resolve(query)
    }
  }
  const knex = loadKnex()({ client: Writing, useNullAsDefault: true })
  // Given to knex itself, they would make it load the driver.
  Object.assign(knex.client as Knex.Client, { connectionSettings: { database: database.entry.NAME, options: {} } })
  return knex
}

/** Statements end in one semicolon each; what a migration only asks the database cannot be answered, and is a comment. */
function line(sql: string): string {
  const text = trimEndOf(sql.trim(), ';')
  if (/^--.*$/.test(text)) return text
  return /^(select|show|pragma table_info)\b/i.test(text)
    ? `-- asks the database: ${text.replaceAll('\n', ' ')}`
    : `${text};`
}

/**
 * Tells `written` what a migration would run, statement by statement.
 * @throws Error when it cannot go on without an answer from the database
 */
export async function writeSql(
  database: Database,
  { up, down }: Pick<Migration, 'up' | 'down'>,
  written: (sql: string) => void,
  backwards = false,
): Promise<void> {
  const knex = writingKnex(database, (sql) => written(line(sql)))
  await (backwards ? down : up)?.(editorOf(database, knex))
}

/** What a migration would run, a statement an entry. @throws Error as `writeSql` does */
export async function migrationSql(database: Database, migration: Migration, backwards = false): Promise<string[]> {
  const statements: string[] = []
  await writeSql(database, migration, (sql) => statements.push(sql), backwards)
  return statements
}
