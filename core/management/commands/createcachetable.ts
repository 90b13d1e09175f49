/** createcachetable: creates the tables of the database caches. */
import { CacheTable, caches } from '#core/cache'
import { settings } from '#core/conf'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '../base.ts'
import { tellingDatabaseErrors } from '../migrations.ts'

interface Options {
  readonly tableName: readonly string[]
  readonly database: string
  readonly dryRun?: boolean
}

/** The tables of CACHES in a database. */
const tablesOfCaches = (database: string): string[] =>
  Object.keys(settings.CACHES)
    .flatMap((alias) => caches[alias]?.tables ?? [])
    .filter((each) => each.database === database)
    .map(({ table }) => table)

export default class Command extends BaseCommand<Options> {
  readonly help = 'Creates the tables needed to use the SQL cache backend.'
  override readonly requiresSystemChecks = false

  override addArguments(parser: ArgumentParser): void {
    parser
      .argument('[table_name...]', 'Names of the tables; otherwise CACHES says which there should be.')
      .option('--database <alias>', 'The database that the tables are made in.', 'default')
      .option('--dry-run', 'Makes no table, just prints the SQL that would be run.')
  }

  async handle({ tableName, database, dryRun, verbosity }: Options & CommonOptions): Promise<void> {
    const names = tableName.length > 0 ? tableName : tablesOfCaches(database)
    for (const name of new Set(names)) {
      const table = new CacheTable(name, database)
      await tellingDatabaseErrors(database, () => this.#create(table, dryRun === true, verbosity))
    }
  }

  async #create(table: CacheTable, dryRun: boolean, verbosity: number): Promise<void> {
    if (await table.exists()) {
      if (verbosity > 0) this.stdout.write(`Cache table '${table.name}' already exists.`)
      return
    }
    if (dryRun) {
      for (const statement of table.statements()) this.stdout.write(statement)
      return
    }
    try {
      await table.create()
    } catch (cause) {
      const { message } = cause as Error
      throw new CommandError(`Cache table '${table.name}' could not be created.\nThe error was: ${message}.`, { cause })
    }
    if (verbosity > 1) this.stdout.write(`Cache table '${table.name}' created.`)
  }
}
