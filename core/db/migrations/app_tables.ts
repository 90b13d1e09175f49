/** Which tables the apps have: those that the statements of their migrations make, rename and do not drop again. */
import type { Knex } from 'knex'
import type { Vendor } from '../backend.ts'
import type { Database } from '../database.ts'
import { loadMigrations } from './loader.ts'
import type { Migration } from './migration.ts'
import { appliedMigrations } from './recorder.ts'
import { writeSql } from './statements.ts'

const PART = '(?:"[^"]+"|`[^`]+`|[^\\s"`.,;()]+)'
const NAME = `(${PART}(?:\\.${PART})?)`
const CREATES = new RegExp(`^create (?:unlogged |virtual )?table (?:if not exists )?${NAME}`, 'i')
const DROPS = /^drop table (?:if exists )?(.+?)(?: cascade| restrict)?$/i
const RENAMES = new RegExp(
  `^(?:alter table (?:if exists )?(?:only )?${NAME} rename|rename table ${NAME}) to ${NAME}`,
  'i',
)

const COMMENTS = /^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/

/** A table's name without quotes, `schema.table` where it has a schema. PostgreSQL reads what has no quotes in lower case. */
function plainName(written: string, vendor: Vendor): string {
  const parts = written.match(new RegExp(PART, 'g')) ?? []
  return parts
    .map((part) => (/^["`]/.test(part) ? part.slice(1, -1) : vendor === 'postgresql' ? part.toLowerCase() : part))
    .join('.')
}

/** A new name stays in the schema of the old one. */
const renamed = (before: string, after: string): string =>
  before.includes('.') && !after.includes('.') ? `${before.slice(0, before.indexOf('.'))}.${after}` : after

function follow(tables: Set<string>, statement: string, vendor: Vendor): void {
  const sql = statement.replace(COMMENTS, '').replace(/\s+/g, ' ').trim()
  const created = CREATES.exec(sql)?.[1]
  if (created !== undefined) tables.add(plainName(created, vendor))
  for (const dropped of DROPS.exec(sql)?.[1]?.split(',') ?? []) tables.delete(plainName(dropped.trim(), vendor))
  const [, altered, moved, after] = RENAMES.exec(sql) ?? []
  if (after === undefined) return
  const before = plainName(altered ?? moved ?? '', vendor)
  if (tables.delete(before)) tables.add(renamed(before, plainName(after, vendor)))
}

/** Follows one migration. What it wrote before an error counts. */
async function followMigration(tables: Set<string>, database: Database, migration: Migration): Promise<void> {
  await writeSql(database, migration, (sql) => {
    for (const statement of sql.split(';')) follow(tables, statement, database.backend.vendor)
  })
}

/** The names of the tables that a migration makes. */
export async function tablesMadeBy(database: Database, migration: Migration): Promise<string[]> {
  const tables = new Set<string>()
  await followMigration(tables, database, migration)
  return [...tables]
}

export interface AppTables {
  /** `table`, or `schema.table`. */
  readonly tables: readonly string[]
  /** Migrations that do not go on without an answer from the database: what tables they make after that is not known. */
  readonly unread: readonly Migration[]
}

function isThere(db: Knex, name: string): Promise<boolean> {
  const [table = '', schema] = name.split('.').toReversed()
  return (schema === undefined ? db.schema : db.schema.withSchema(schema)).hasTable(table)
}

/** The tables of the installed apps that a database has; neither those of others nor that of the migrations. */
export async function appTables(database: Database): Promise<AppTables> {
  const [graph, applied] = await Promise.all([loadMigrations(), appliedMigrations(database)])
  const made = new Set<string>()
  const unread: Migration[] = []
  for (const migration of graph.all().filter(({ key }) => applied.has(key))) {
    await followMigration(made, database, migration).catch(() => unread.push(migration))
  }
  const tables: string[] = []
  for (const table of made) if (await isThere(database.pool, table)) tables.push(table)
  return { tables, unread }
}
