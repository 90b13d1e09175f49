/** The SQL of a migration without running it: a knex of the database's dialect whose statements are written down. */
import type { Knex } from 'knex'
import type { Vendor } from '../backend.ts'
import type { Database } from '../database.ts'
import { loadKnex } from '../drivers.ts'
import { editorOf } from './editor.ts'
import type { Migration } from './migration.ts'

interface Query {
  readonly sql: string
  readonly bindings?: unknown[]
  response?: unknown
  context?: unknown
}

/** How a driver answers when there is nothing. */
const nothing: Readonly<Record<Vendor, () => unknown>> = {
  sqlite: () => [],
  postgresql: () => ({ rows: [], rowCount: 0, command: '' }),
  mysql: () => [[], []],
}

/** A knex that sends nothing; each statement goes to `written`. */
function writingKnex(database: Database, written: (sql: string) => void): Knex {
  const Dialect = database.dialect()
  class Writing extends Dialect {
    override acquireConnection(): Promise<object> {
      return Promise.resolve({})
    }

    override releaseConnection(): Promise<void> {
      return Promise.resolve()
    }

    override query(_connection: unknown, asked: string | Query): Promise<Query> {
      const query: Query = typeof asked === 'string' ? { sql: asked } : asked
      const bindings = (this as unknown as { prepBindings(values: unknown): unknown }).prepBindings(query.bindings)
      const values = Array.isArray(bindings) && bindings.length > 0 ? (bindings as Knex.RawBinding[]) : undefined
      written(values === undefined ? query.sql : (this as unknown as Knex).raw(query.sql, values).toQuery())
      query.response = nothing[database.backend.vendor]()
      query.context = { lastID: 0, changes: 0 }
      return Promise.resolve(query)
    }
  }
  return loadKnex()({ client: Writing, useNullAsDefault: true })
}

/** Statements end in one semicolon each; what a migration only asks the database cannot be answered, and is a comment. */
function line(sql: string): string {
  const text = sql.trim().replace(/;+$/, '')
  return /^(select|show)\b/i.test(text) ? `-- asks the database: ${text.replaceAll('\n', ' ')}` : `${text};`
}

/**
 * What a migration would run, a statement an entry.
 * @throws Error when it cannot go on without an answer from the database
 */
export async function migrationSql(database: Database, migration: Migration, backwards = false): Promise<string[]> {
  const statements: string[] = []
  const knex = writingKnex(database, (sql) => statements.push(line(sql)))
  const step = backwards ? migration.down : migration.up
  await step?.(editorOf(database, knex))
  return statements
}

/** The names of the tables that a migration creates. */
export async function tablesCreatedBy(database: Database, migration: Migration): Promise<string[]> {
  const statements = await migrationSql(database, migration)
  const created = /^create table (?:if not exists )?["`]?([^"`\s(]+)/i
  return statements.flatMap((sql) => created.exec(sql)?.[1] ?? [])
}
