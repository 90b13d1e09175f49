/** dbshell: runs the database's command-line client with the project's connection settings. */
import { connections, DEFAULT_ALIAS } from '#core/db'
import { errorCode } from '#core/utils'
import { type ArgumentParser, BaseCommand, CommandError } from '../base.ts'
import { runInForeground } from '../terminal.ts'

interface Options {
  readonly parameters: readonly string[]
  readonly database: string
}

export default class Command extends BaseCommand<Options> {
  readonly help = "Runs the database's own client: sqlite3, psql, mysql or mariadb."
  override readonly requiresSystemChecks = false

  override addArguments(parser: ArgumentParser): void {
    parser
      .argument('[parameters...]', 'Words for the client, after --.')
      .option('--database <alias>', 'The database to connect to.', DEFAULT_ALIAS)
  }

  async handle({ parameters, database: alias }: Options): Promise<void> {
    const database = connections.database(alias)
    const client = database.shell(parameters)
    if (client === undefined) throw new CommandError(`'${database.entry.ENGINE}' has no client for the command line.`)
    const [usual] = client.commands
    for (const command of client.commands) {
      const code = await runIfInstalled(command, client.args, client.env)
      if (code === 0) return
      if (code === undefined) continue
      throw new CommandError(`"${[command, ...client.args].join(' ')}" returned non-zero exit status ${code}.`, {
        exitCode: code,
      })
    }
    throw new CommandError(`You appear not to have the '${usual}' program installed or on your path.`)
  }
}

/** Runs a program. @returns its exit code; undefined if the program does not exist */
async function runIfInstalled(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  try {
    return await runInForeground(program, args, { env })
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
