/** A migrated SQLite database in memory, for tests that need the session table. */
import { overrideSettings, type Settings } from '#core/conf'
import { connections, loadMigrations, MigrationExecutor } from '#core/db'
import { aroundSuite } from '../../suite_scope.ts'

const IN_MEMORY = { default: { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' } }

async function migrate(): Promise<void> {
  const graph = await loadMigrations()
  const targets = graph.leaves().map(({ app, name }) => [app, name] as const)
  await new MigrationExecutor(connections.database(), graph).execute(graph.plan(targets, new Map()))
}

/** Runs `fn` on a new database with the tables of the installed apps, and with further settings if given. */
export function withDatabase<T>(fn: () => Promise<T>, settings: Settings = {}): Promise<T> {
  return overrideSettings({ DATABASES: IN_MEMORY, ...settings }, async () => {
    await migrate()
    return fn()
  })
}

/** The same for all tests of a suite; call it inside its `describe`. A function of settings is called in the hook. */
export function inDatabase(settings: Settings | (() => Settings) = {}): void {
  aroundSuite((inside) => withDatabase(inside, typeof settings === 'function' ? settings() : settings))
}
