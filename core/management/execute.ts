/** The entry point of manage.ts: parses the command line, runs the command and returns its exit code. */
import type { CommandIo, Terminal } from './base.ts'
import { runCommand } from './call.ts'
import { commandNamed, findCommands, loadCommand } from './discovery.ts'
import { reportError } from './errors.ts'
import { Project, useProject } from './project.ts'
import { processTerminals, styleFor } from './terminal.ts'

export interface ExecuteOptions {
  /** Directory where the search for the settings module begins, upwards; by default, the current directory. */
  readonly root?: string
  /** Name of the program, for messages. */
  readonly prog?: string
  /** Whether there is no project. Only the commands that work without one are then available. */
  readonly outside?: boolean
  readonly stdout?: Terminal
  readonly stderr?: Terminal
}

/** The value of `--name value` or `--name=value`, read before the command is loaded, which may depend on it. */
function early(argv: readonly string[], name: string): string | undefined {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  const at = words.findLastIndex((word) => word === name || word.startsWith(`${name}=`))
  if (at < 0) return undefined
  return words[at] === name ? words[at + 1] : words[at]?.slice(name.length + 1)
}

/** The option forms of `help` and `version`. */
const ALIASES: Readonly<Record<string, string>> = { '--help': 'help', '-h': 'help', '--version': 'version' }

function processIo(
  { stdout, stderr }: ExecuteOptions,
  argv: readonly string[],
): CommandIo & { errors: CommandIo['style'] } {
  const choice = { noColor: argv.includes('--no-color'), forceColor: argv.includes('--force-color') }
  return {
    stdout: stdout ?? processTerminals.stdout,
    stderr: stderr ?? processTerminals.stderr,
    style: styleFor(stdout === undefined ? process.stdout : {}, choice),
    errors: styleFor(stderr === undefined ? process.stderr : {}, choice),
  }
}

async function run(argv: readonly string[], project: Project, io: CommandIo): Promise<void> {
  const [first = 'help', ...words] = argv
  const name = ALIASES[first] ?? first
  const command = await loadCommand(commandNamed(name, await findCommands(project), project.prog), io)
  // Without the parser, these two take two thirds of the time.
  if (words.length === 0 && (name === 'help' || name === 'version')) {
    await command.handle({ verbosity: 1 })
    return
  }
  const { createParser, parseWords } = await import('./parser.ts')
  const parsed = parseWords(createParser(project.prog, name, command), words, command)
  if ('text' in parsed) {
    io.stdout.write(parsed.text)
    return
  }
  try {
    await runCommand(command, parsed.options)
  } finally {
    if (command.requiresSetup) await closeQuietly()
  }
}

/** Ignores errors, which would hide the error that ended the command. */
async function closeQuietly(): Promise<void> {
  const { closeServices } = await import('./project.ts')
  await closeServices().catch(() => {})
}

/**
 * Runs a command and prints errors.
 * @param argv the arguments after the program's name
 * @returns the exit code: 0 for success, 1 for an error unless the error defines another, 2 for invalid arguments
 */
export async function execute(argv: readonly string[], options: ExecuteOptions = {}): Promise<number> {
  const { prog = 'manage.ts', root, outside = false } = options
  const settings = early(argv, '--settings')
  // As with Django, so that processes started by a command see the same settings.
  if (settings !== undefined) process.env.NUAGES_SETTINGS_MODULE = settings
  const project = new Project({ start: early(argv, '--pythonpath') ?? root, settings, prog, outside })
  useProject(project)
  const io = processIo(options, argv)
  try {
    await run(argv, project, io)
    return 0
  } catch (error) {
    return reportError(error, io.stderr, io.errors, argv.includes('--traceback'))
  }
}
