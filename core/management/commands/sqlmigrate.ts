/** sqlmigrate: prints the SQL of a migration without running it. */
import { connections, type Database, loadMigrations, type Migration, migrationSql } from '#core/db'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '../base.ts'
import { appWithLabel, migrationNamed } from '../migrations.ts'

interface Options {
  readonly appLabel: string
  readonly migrationName: string
  readonly database?: string
  readonly backwards?: boolean
}

/** The descriptions of the migration's operations, as SQL comments. */
function heading({ operations }: Migration, backwards: boolean): string[] {
  if (operations.length === 0) return []
  return ['--', ...operations.map((operation) => `-- ${backwards ? 'Undo ' : ''}${operation}`), '--']
}

async function statementsOf(database: Database, migration: Migration, backwards: boolean): Promise<string[]> {
  try {
    return await migrationSql(database, migration, backwards)
  } catch (error) {
    throw new CommandError(
      `The SQL of ${migration.key} cannot be told without running it: ${(error as Error).message}` +
        '\nMost likely it goes by what it finds in the database.',
      { cause: error },
    )
  }
}

export default class Command extends BaseCommand<Options> {
  readonly help = 'Prints the SQL statements for the named migration.'

  override addArguments(parser: ArgumentParser): void {
    parser
      .argument('<app_label>', 'Label of the app that the migration belongs to.')
      .argument('<migration_name>', 'Name of the migration, or the beginning of it.')
      .option('--database <alias>', 'The database whose SQL to print.', 'default')
      .option('--backwards', 'The SQL that unapplies the migration.')
  }

  async handle(options: Options & CommonOptions): Promise<void> {
    const { appLabel, migrationName, backwards = false } = options
    const database = connections.database(options.database)
    appWithLabel(appLabel)
    const graph = await loadMigrations()
    if (!graph.migratedApps.includes(appLabel)) throw new CommandError(`App '${appLabel}' does not have migrations`)
    const migration = migrationNamed(graph, appLabel, migrationName, ' Is it in INSTALLED_APPS?')
    const statements = await statementsOf(database, migration, backwards)
    if (statements.length === 0) {
      if (options.verbosity >= 1) this.stderr.write('No operations found.')
      return
    }
    const inTransaction = migration.atomic && database.backend.hasTransactionalDdl
    const [begin, commit] = inTransaction ? [['BEGIN;'], ['COMMIT;']] : [[], []]
    this.stdout.write([...begin, ...heading(migration, backwards), ...statements, ...commit].join('\n'))
  }
}
