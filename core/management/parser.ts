/** Parses command-line arguments with commander into the options object that `handle()` receives. */
import { type Argument, Command as CommanderCommand, CommanderError, Help, Option } from 'commander'
import { closestMatch, trimOf } from '#core/utils'
import { type ArgumentParser, type BaseCommand, CommandError, type CommonOptions, nuagesVersion } from './base.ts'

/** Invalid arguments. Printed with the usage; exit code 2. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError'
  /** For example `usage: manage.ts check [options] [app_label...]`. */
  readonly usage: string
  /** For example `manage.ts check`. */
  readonly prog: string

  constructor(message: string, { usage, prog }: { usage: string; prog: string }) {
    super(message, { exitCode: 2 })
    this.usage = usage
    this.prog = prog
  }
}

export type ParsedOptions = CommonOptions & { noColor?: boolean; forceColor?: boolean } & Record<string, unknown>

/** The options to run the command with, or a string to print instead (`--help`, `--version`). */
export type Parsed = { readonly options: ParsedOptions } | { readonly text: string }

/** Converts `app_label` and `app-label` to `appLabel`. */
const camelCase = (name: string): string => name.replace(/[_-]+[^\W_]?/g, (found) => trimOf(found, '_-').toUpperCase())

function addCommonOptions(parser: ArgumentParser): void {
  parser
    .version(nuagesVersion(), '--version', "Show Nuages' version and exit.")
    .addOption(
      new Option('-v, --verbosity <level>', '0 says little, 1 is normal, 2 is verbose, 3 very verbose.')
        .choices(['0', '1', '2', '3'])
        .default('1'),
    )
    .option('--settings <module>', 'Dotted name of the settings module; else NUAGES_SETTINGS_MODULE, else settings.')
    .option('--pythonpath <folder>', "The project's folder, in which the settings module is looked for.")
    .option('--traceback', 'Show the stack of an error.')
    .option('--no-color', 'No colours.')
    .option('--force-color', 'Colours, even where the output is no terminal.')
    .option('--skip-checks', 'Leave the system checks out.')
}

/** The parser of a command, with its own arguments and options followed by the common options. */
export function createParser(prog: string, name: string, command: BaseCommand): ArgumentParser {
  const parser = new CommanderCommand(`${prog} ${name}`)
    .description(command.help)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .configureHelp({
      styleTitle: (title) => title.toLowerCase(),
      optionDescription: (option) => new Help().optionDescription(option).replace(' (default: [])', ''),
    })
    .helpOption('-h, --help', 'Show this help and exit.')
  command.addArguments(parser)
  addCommonOptions(parser)
  return parser
}

export const usageOf = (parser: ArgumentParser): string => `usage: ${parser.name()} ${parser.usage()}`

const flagsOf = (flags: string): string => (flags.split(/[<[]/)[0] as string).trimEnd().replaceAll(', ', '/')

/** Converts an error of commander to the message that Django's parser would print. */
function complaint(error: CommanderError, parser: ArgumentParser): string {
  const quoted = [...error.message.matchAll(/'([^']*)'/g)].map((match) => match[1] as string)
  const [first = '', second = ''] = quoted
  switch (error.code) {
    case 'commander.unknownOption': {
      const known = parser.options.flatMap((option) => (option.long ? [option.long] : []))
      const near = closestMatch(first, known)
      return `unrecognized arguments: ${first}${near === undefined ? '' : ` (did you mean ${near}?)`}`
    }
    case 'commander.excessArguments':
      return `unrecognized arguments: ${parser.args.slice(parser.registeredArguments.length).join(' ')}`
    case 'commander.missingArgument': {
      const missing = parser.registeredArguments.slice(parser.args.length).filter((argument) => argument.required)
      return `the following arguments are required: ${missing.map((argument) => argument.name()).join(', ')}`
    }
    case 'commander.optionMissingArgument':
      return `argument ${flagsOf(first)}: expected one argument`
    case 'commander.invalidArgument': {
      const choices = /\. Allowed choices are ([^.]*)\.$/.exec(error.message)?.[1]
      if (choices === undefined) break
      return `argument ${flagsOf(first)}: invalid choice: '${second}' (choose from ${choices})`
    }
  }
  return error.message.replace(/^error: /, '')
}

function collected(parser: ArgumentParser): ParsedOptions {
  const { color, verbosity, ...options } = parser.opts<{ color: boolean; verbosity: string }>()
  const named = parser.registeredArguments.map((argument: Argument, i: number): [string, unknown] => [
    camelCase(argument.name()),
    parser.processedArgs[i],
  ])
  const given = Object.fromEntries(named.filter(([, value]) => value !== undefined))
  return { ...options, ...given, verbosity: Number(verbosity), ...(color ? {} : { noColor: true }) }
}

/** Parses arguments. @throws UsageError if they are invalid; CommandError if colour options conflict */
export function parseWords(
  parser: ArgumentParser,
  words: readonly string[],
  { missingArgsMessage }: Partial<Pick<BaseCommand, 'missingArgsMessage'>> = {},
): Parsed {
  const refused = (message: string): UsageError =>
    new UsageError(message, { usage: usageOf(parser), prog: parser.name() })
  if (missingArgsMessage !== undefined && words.length === 0) throw refused(missingArgsMessage)
  try {
    parser.parse(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed') return { text: parser.helpInformation() }
    if (error.code === 'commander.version') return { text: error.message }
    throw refused(complaint(error, parser))
  }
  const options = collected(parser)
  if (options.noColor && options.forceColor) {
    throw new CommandError("The --no-color and --force-color options can't be used together.")
  }
  return { options }
}

/** The names of the positional arguments in the options object, in their order. */
export const argumentNames = (parser: ArgumentParser): string[] =>
  parser.registeredArguments.map((argument) => camelCase(argument.name()))

/** All names that the options object of `callCommand` may contain. */
export const optionNames = (parser: ArgumentParser): string[] => [
  ...parser.options.map((option) => (option.long === '--no-color' ? 'noColor' : option.attributeName())),
  ...argumentNames(parser),
]
