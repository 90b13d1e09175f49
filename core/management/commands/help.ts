/** help: lists the commands, or shows the usage of one. */
import { type ArgumentParser, BaseCommand } from '../base.ts'
import { commandNamed, findCommands, type FoundCommands, loadCommand, messageOf } from '../discovery.ts'
import { currentProject } from '../project.ts'

interface Options {
  readonly command?: string
  readonly commands?: boolean
}

export default class HelpCommand extends BaseCommand<Options> {
  readonly help = 'Lists all commands, or shows the usage of one.'
  override readonly requiresSetup = false

  override addArguments(parser: ArgumentParser): void {
    parser.argument('[command]', 'The command whose usage is shown.')
    parser.option('--commands', 'List the names alone, one a line.')
  }

  async handle({ command, commands }: Options): Promise<void> {
    const project = currentProject()
    const found = await findCommands(project)
    if (commands) {
      for (const name of [...found.commands.keys()].toSorted()) this.stdout.write(name)
    } else if (command === undefined) this.stdout.write(this.#overview(found, project.prog))
    else {
      const loaded = await loadCommand(commandNamed(command, found, project.prog), this)
      const { createParser } = await import('../parser.ts')
      this.stdout.write(createParser(project.prog, command, loaded).helpInformation())
    }
  }

  #overview({ commands, problem }: FoundCommands, prog: string): string {
    const all = [...commands.values()]
    const apps = [...new Set(all.map(({ app }) => app))].toSorted()
    const groups = apps.flatMap((app) => {
      const names = all.filter((command) => command.app === app).map(({ name }) => `    ${name}`)
      return ['', this.style.NOTICE(`[${app}]`), ...names.toSorted()]
    })
    const note =
      problem === undefined
        ? []
        : [
            this.style.NOTICE(
              `Note that only core's commands are listed, as the settings cannot be read: ${messageOf(problem)}`,
            ),
          ]
    const head = [
      '',
      `Type '${prog} help <subcommand>' for help on a specific subcommand.`,
      '',
      'Available subcommands:',
    ]
    return [...head, ...groups, ...note].join('\n')
  }
}
