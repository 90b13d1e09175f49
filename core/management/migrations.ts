/** Helpers of the migration commands: lookup of apps and migrations, errors of the database, signals. */
import { type AppConfig, apps, LookupError } from '#core/apps'
import {
  connections,
  InconsistentMigrationHistory,
  IrreversibleMigration,
  isConnectionError,
  type Migration,
  MigrationFailed,
  type MigrationGraph,
  postMigrate,
  preMigrate,
} from '#core/db'
import { CommandError, type Terminal } from './base.ts'

/** @throws CommandError if no installed app has the label */
export function appWithLabel(label: string): AppConfig {
  try {
    return apps.getAppConfig(label)
  } catch (error) {
    if (error instanceof LookupError) throw new CommandError(error.message, { cause: error })
    throw error
  }
}

/** As in Django: every unknown label is reported on stderr, then the command exits with code 2. */
export function refuseUnknownApps(labels: readonly string[], stderr: Terminal): void {
  const unknown = labels.flatMap((label) => {
    try {
      apps.getAppConfig(label)
      return []
    } catch (error) {
      if (error instanceof LookupError) return [error.message]
      throw error
    }
  })
  for (const message of unknown) stderr.write(message)
  if (unknown.length > 0) throw new CommandError('', { exitCode: 2 })
}

/** The migration of an app by its name or a unique prefix. @throws CommandError if none or several match */
export function migrationNamed(graph: MigrationGraph, app: string, name: string, hint = ''): Migration {
  const [migration, ...others] = graph.matching(app, name)
  if (migration === undefined) {
    throw new CommandError(`Cannot find a migration matching '${name}' from app '${app}'.${hint}`)
  }
  if (others.length > 0) {
    throw new CommandError(`More than one migration matches '${name}' in app '${app}'. Please be more specific.`)
  }
  return migration
}

/** @throws CommandError if the migrations of an app have more than one leaf */
export function refuseConflicts(conflicts: ReadonlyMap<string, readonly string[]>): void {
  if (conflicts.size === 0) return
  const names = [...conflicts].map(([app, leaves]) => `${leaves.join(', ')} in ${app}`).join('; ')
  throw new CommandError(
    `Conflicting migrations detected; multiple leaf nodes in the migration graph: (${names}).\n` +
      "To fix them run './manage.ts makemigrations --merge'",
  )
}

/** Runs `work`. Errors that the user can fix are rethrown as CommandError. */
export async function tellingDatabaseErrors<T>(alias: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const known = [MigrationFailed, IrreversibleMigration, InconsistentMigrationHistory]
    if (known.some((kind) => error instanceof kind)) throw new CommandError((error as Error).message, { cause: error })
    if (!isConnectionError(error)) throw error
    const { displayName } = connections.database(alias).backend
    const { message } = error as Error
    throw new CommandError(
      `The database '${alias}' (${displayName}) does not answer: ${message}\nLook at DATABASES['${alias}'], and whether the server runs.`,
      { cause: error },
    )
  }
}

/** Sends the pre-migrate or post-migrate signal for each app. */
export async function sendMigrateSignal(
  when: 'pre' | 'post',
  alias: string,
  verbosity: number,
  stdout: Terminal,
): Promise<void> {
  const signal = when === 'pre' ? preMigrate : postMigrate
  for (const { label } of apps.getAppConfigs()) {
    if (verbosity >= 2) stdout.write(`Running ${when}-migrate handlers for application ${label}`)
    await signal.send({ app: label, alias, verbosity })
  }
}
