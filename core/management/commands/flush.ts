/** flush: deletes all rows of the apps' tables, but not the tables. */
import {
  appTables,
  connections,
  type Database,
  DEFAULT_ALIAS,
  isConnectionError,
  readableFile,
  truncateTables,
} from '#core/db'
import { ask } from '../terminal.ts'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '../base.ts'
import { sendMigrateSignal, tellingDatabaseErrors } from '../migrations.ts'

interface Options {
  readonly noinput?: boolean
  /** False for --no-input. */
  readonly input?: boolean
  readonly database: string
}

const question = (name: string): string => `You have requested a flush of the database.
This will IRREVERSIBLY DESTROY all data currently in the "${name}" database,
and return each table to an empty state.
Are you sure you want to do this?

    Type 'yes' to continue, or 'no' to cancel: `

export default class Command extends BaseCommand<Options> {
  readonly help =
    'Removes ALL DATA of the apps from the database, including data added during migrations. The tables stay.'
  /** Asks the question; tests replace it. */
  protected readonly ask = ask

  override addArguments(parser: ArgumentParser): void {
    parser
      .option('--noinput', 'Asks nothing.')
      .option('--no-input', 'The same.')
      .option('--database <alias>', 'The database to flush.', DEFAULT_ALIAS)
  }

  async handle({ database: alias, noinput = false, input = true, verbosity }: Options & CommonOptions): Promise<void> {
    const database = connections.database(alias)
    const { tables, unread } = await tellingDatabaseErrors(alias, () => appTables(database))
    for (const { key, file } of unread) {
      this.stderr.write(
        `${key} (${readableFile(file)}) goes by what it finds in the database.` +
          ' Tables that it makes after that are not known, and keep their rows.',
      )
    }
    if (input && !noinput && (await this.ask(question(nameOf(database)))) !== 'yes') {
      this.stdout.write('Flush cancelled.')
      return
    }
    await tellingDatabaseErrors(alias, () => empty(database, tables))
    if (tables.length > 0) await sendMigrateSignal('post', alias, verbosity, this.stdout)
  }
}

const nameOf = ({ alias, entry }: Database): string => entry.NAME || alias

async function empty(database: Database, tables: readonly string[]): Promise<void> {
  try {
    await truncateTables(database, tables)
  } catch (cause) {
    if (isConnectionError(cause)) throw cause
    throw new CommandError(
      `Database ${nameOf(database)} couldn't be flushed. Possible reasons:\n` +
        "  * The database isn't running or isn't configured correctly.\n" +
        "  * At least one of the expected database tables doesn't exist.\n" +
        '  * The SQL was invalid.\n' +
        `The error was: ${(cause as Error).message}`,
      { cause },
    )
  }
}
