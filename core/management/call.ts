/** `callCommand` runs a command from code, with command-line arguments or an options object. */
import type { BaseCommand, CommandIo, Terminal } from './base.ts'
import { commandNamed, findCommands, type FoundCommands, loadCommand } from './discovery.ts'
import type { ParsedOptions } from './parser.ts'
import { currentProject, type Project } from './project.ts'
import { noStyle, processTerminals, styleFor } from './terminal.ts'

/** The options object of `callCommand`, its last argument. */
export interface CallOptions {
  /** The output of the command; by default, the streams of the process. */
  readonly stdout?: Terminal
  readonly stderr?: Terminal
  readonly [option: string]: unknown
}

/** Runs a command after the setup and the system checks that it requires. */
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

/** Converts positional arguments of the options object to strings. Those after a missing one are ambiguous. */
function wordsFrom(named: Record<string, unknown>, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = named[name]
    if (value === undefined) return []
    return (Array.isArray(value) ? value : [value]).map((word) => `${word as string | number}`)
  })
}

/** The commands of the installed apps; before setup, of the apps in INSTALLED_APPS. */
async function knownCommands(project: Project): Promise<FoundCommands> {
  const { apps } = await import('#core/apps')
  if (!apps.ready) return findCommands(project)
  const installed = apps.getAppConfigs().map(({ label, path: folder }) => ({ label, folder }))
  return findCommands({ appFolders: async () => installed })
}

/**
 * Runs a command. System checks are skipped unless `skipChecks: false` is given.
 * @param args strings as on the command line; the last may be an object of options and arguments in camelCase,
 *   with `stdout` and `stderr` for the output
 * @throws CommandError if the command is unknown, fails, or does not accept an argument
 * @throws TypeError if the object has an unknown option
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
