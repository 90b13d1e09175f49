/** Loads the migrations of the installed apps: the files in their `migrations/` directories. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type AppConfig, apps } from '#core/apps'
import { MigrationGraph } from './graph.ts'
import { type Migration, readMigration } from './migration.ts'
import { connections } from '../connections.ts'
import { appliedMigrations } from './recorder.ts'

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
