/** The migrations of the installed apps, and the tables that they create or rename, and do not drop again. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Knex } from 'knex'
import { type AppConfig, apps } from '#core/apps'
import type { Vendor } from '../backend.ts'
import { connections } from '../connections.ts'
import type { Database } from '../database.ts'
import { MigrationGraph } from './graph.ts'
import { type Migration, readMigration } from './migration.ts'
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

/** The name of a table without quotes: `table` or `schema.table`. PostgreSQL converts names without quotes to lower case. */
function plainName(written: string, vendor: Vendor): string {
  const parts = written.match(new RegExp(PART, 'g')) ?? []
  return parts
    .map((part) => (/^["`]/.test(part) ? part.slice(1, -1) : vendor === 'postgresql' ? part.toLowerCase() : part))
    .join('.')
}

/** A renamed table stays in its schema. */
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

/** Applies the statements of a migration to the set of tables, up to the first error. */
async function followMigration(tables: Set<string>, database: Database, migration: Migration): Promise<void> {
  await writeSql(database, migration, (sql) => {
    for (const statement of sql.split(';')) follow(tables, statement, database.backend.vendor)
  })
}

/** The names of the tables that a migration creates. */
export async function tablesMadeBy(database: Database, migration: Migration): Promise<string[]> {
  const tables = new Set<string>()
  await followMigration(tables, database, migration)
  return [...tables]
}

export interface AppTables {
  /** `table`, or `schema.table`. */
  readonly tables: readonly string[]
  /** Migrations that need a result of a query to continue. The tables that they create after that are unknown. */
  readonly unread: readonly Migration[]
}

function exists(db: Knex, name: string): Promise<boolean> {
  const [table = '', schema] = name.split('.').toReversed()
  return (schema === undefined ? db.schema : db.schema.withSchema(schema)).hasTable(table)
}

/** The tables of the installed apps that exist in a database, without the table of the migrations. */
export async function appTables(database: Database): Promise<AppTables> {
  const [graph, applied] = await Promise.all([loadMigrations(), appliedMigrations(database)])
  const made = new Set<string>()
  const unread: Migration[] = []
  for (const migration of graph.all().filter(({ key }) => applied.has(key))) {
    await followMigration(made, database, migration).catch(() => unread.push(migration))
  }
  const tables: string[] = []
  for (const table of made) if (await exists(database.pool, table)) tables.push(table)
  return { tables, unread }
}

export const migrationsFolder = (app: AppConfig): string => path.join(app.path, 'migrations')

/** The migration files of a directory by name. As in Django, names that begin with `_` are ignored. */
function filesIn(folder: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const file of readdirSync(folder).toSorted()) {
    const name = /^([A-Za-z0-9]\w*)\.(ts|js|mjs)$/.exec(file)?.[1]
    if (name !== undefined && name !== 'index') files.set(name, path.join(folder, file))
  }
  return files
}

async function migrationsOf(app: AppConfig): Promise<Migration[]> {
  const migrations: Migration[] = []
  for (const [name, file] of filesIn(migrationsFolder(app))) {
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    migrations.push(readMigration(app.label, name, file, module))
  }
  return migrations
}

/**
 * The migrations of the apps.
 * @throws ImproperlyConfigured if a file is not a migration, a dependency does not exist, or dependencies are circular
 */
export async function loadMigrations(configs: readonly AppConfig[] = apps.getAppConfigs()): Promise<MigrationGraph> {
  const withMigrations = configs.filter((app) => existsSync(migrationsFolder(app)))
  const migrations: Migration[] = []
  for (const app of withMigrations) migrations.push(...(await migrationsOf(app)))
  return new MigrationGraph(
    migrations,
    withMigrations.map((app) => app.label),
    configs.map((app) => app.label),
  )
}

/** The migrations that are not applied to a database, as `app.name`, in order. Creates neither a table nor a database. */
export async function unappliedMigrations(alias = 'default'): Promise<string[]> {
  const graph = await loadMigrations()
  const applied = await appliedMigrations(connections.database(alias))
  return graph.all().flatMap(({ key }) => (applied.has(key) ? [] : [key]))
}
