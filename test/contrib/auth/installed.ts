/** The apps of users, content types and sessions, installed on a separate migrated database. */
import { apps } from '#core/apps'
import { overrideSettings, projectRoot, settings, type Settings } from '#core/conf'
import { connections, type DatabaseSettings, loadMigrations, MigrationExecutor, postMigrate } from '#core/db'
import { createContentTypes } from '#core/contrib/contenttypes'
import { aroundSuite } from '../../suite_scope.ts'
import { createPermissions } from '../../../core/contrib/auth/apps.ts'

export const APPS = ['django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.sessions']

export const IN_MEMORY: DatabaseSettings = { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' }

/** Hashes without any work, for tests that are not about hashing. */
export const CHEAP = 'test.contrib.auth.fixtures.hashers.CheapHasher'

/** Applies all migrations and their follow-up, as `migrate` does. */
export async function migrate(): Promise<void> {
  const graph = await loadMigrations()
  const targets = graph.leaves().map(({ app, name }) => [app, name] as const)
  await new MigrationExecutor(connections.database(), graph).execute(graph.plan(targets, new Map()))
  for (const { label } of apps.getAppConfigs()) await postMigrate.send({ app: label, alias: 'default', verbosity: 0 })
}

/** Runs `fn` with the apps of users on a new database. */
export async function withUsers<T>(
  fn: () => Promise<T>,
  overrides: Settings = {},
  database: DatabaseSettings = IN_MEMORY,
): Promise<T> {
  const installed = overrides.INSTALLED_APPS ?? APPS
  await apps.populate(installed, projectRoot())
  const given = {
    DATABASES: { default: database },
    PASSWORD_HASHERS: [CHEAP],
    LOGOUT_REDIRECT_URL: null,
    ...overrides,
    INSTALLED_APPS: installed,
  }
  try {
    return await overrideSettings(given, async () => {
      await migrate()
      return fn()
    })
  } finally {
    postMigrate.disconnect(createPermissions)
    postMigrate.disconnect(createContentTypes)
    await apps.populate(settings.INSTALLED_APPS, projectRoot())
  }
}

/** The same for all tests of a suite; call it inside its `describe`. */
export function inUsers(overrides: Settings = {}, database: () => DatabaseSettings = () => IN_MEMORY): void {
  aroundSuite((inside) => withUsers(inside, overrides, database()))
}
