/** `callCommand`: a command run from code, with the words of the command line or with an object. */
import type { BaseCommand, CommandIo, Terminal } from './base.ts'
import { commandNamed, findCommands, type FoundCommands, loadCommand } from './discovery.ts'
import type { ParsedOptions } from './parser.ts'
import { currentProject, type Project } from './project.ts'
import { noStyle, processTerminals, styleFor } from './terminal.ts'

/** The last argument of `callCommand`, where it is an object. */
export interface CallOptions {
  /** Where the command writes; the process's own streams where absent. */
  readonly stdout?: Terminal
  readonly stderr?: Terminal
  readonly [option: string]: unknown
}

/** Loads what the command needs, checks the system if it wants that, and runs it. */
export async function runCommand(command: BaseCommand, options: ParsedOptions): Promise<void> {
  if (command.requiresSetup) {
    const { setup } = await import('#core/apps')
    const { settings, start: root } = currentProject()
    await setup({ settings, root })
    const wanted = command.requiresSystemChecks
    if (wanted !== false && !options.skipChecks) {
      const { runSystemChecks } = await import('./run_checks.ts')
      await runSystemChecks(command, { serving: false, tags: wanted === true ? undefined : wanted })
    }
  }
  await command.handle(options)
}

/** Positional arguments from the options object, as words. Those after an absent one are ambiguous. */
function wordsFrom(named: Record<string, unknown>, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = named[name]
    if (value === undefined) return []
    return (Array.isArray(value) ? value : [value]).map((word) => `${word as string | number}`)
  })
}

/** The commands of the apps as they are installed now; before setup, as the settings name them. */
async function knownCommands(project: Project): Promise<FoundCommands> {
  const { apps } = await import('#core/apps')
  if (!apps.ready) return findCommands(project)
  const installed = apps.getAppConfigs().map(({ label, path: folder }) => ({ label, folder }))
  return findCommands({ appFolders: async () => installed })
}

/**
 * Runs a command and waits for it. Checks are left out unless `skipChecks: false` is given.
 * @param args words as on the command line; the last may be an object of options and arguments in camelCase,
 *   with `stdout` and `stderr` for what the command writes
 * @throws CommandError when the command, or a word or option for it, is wrong
 */
export async function callCommand(name: string, ...args: (string | CallOptions)[]): Promise<void> {
  const last = args.at(-1)
  const given: CallOptions = typeof last === 'object' ? last : {}
  const words = args.filter((arg) => typeof arg === 'string')
  const { stdout, stderr, ...named } = given
  const style = stdout === undefined ? styleFor(process.stdout, named) : styleFor({}, named)
  const io: CommandIo = {
    stdout: stdout ?? processTerminals.stdout,
    stderr: stderr ?? processTerminals.stderr,
    style: stderr === undefined ? style : named.forceColor ? style : noStyle,
  }
  const project = currentProject()
  const command = await loadCommand(commandNamed(name, await knownCommands(project), project.prog), io)
  const { argumentNames, createParser, optionNames, parseWords } = await import('./parser.ts')
  const parser = createParser(project.prog, name, command)
  const known = optionNames(parser)
  const unknown = Object.keys(named).filter((option) => !known.includes(option))
  if (unknown.length > 0) {
    throw new TypeError(`${name} has no option ${unknown.join(', ')}. It has: ${known.toSorted().join(', ')}.`)
  }
  const positional = argumentNames(parser)
  const parsed = parseWords(parser, [...words, ...wordsFrom(named, positional)])
  if ('text' in parsed) {
    io.stdout.write(parsed.text)
    return
  }
  const options = Object.entries(named).filter(([option]) => !positional.includes(option))
  await runCommand(command, { skipChecks: true, ...parsed.options, ...Object.fromEntries(options) })
}
