/** test: runs the tests of the project with its mocha. */
import { appended, type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '../base.ts'
import { filesOfLabel, mochaOf, type MochaOptions, runMocha, testFilesIn, usualOptions } from '../mocha.ts'
import { currentProject, type Project } from '../project.ts'

interface Options {
  readonly testLabel: readonly string[]
  readonly failfast?: boolean
  readonly k: readonly string[]
  /** True if no number is given. */
  readonly parallel?: string | true
  readonly noColor?: boolean
  readonly forceColor?: boolean
}

/** A regular expression for patterns in which `*` matches anything. */
const titles = (patterns: readonly string[]): string =>
  patterns.map((pattern) => pattern.replace(/[.+?^${}()|[\]\\/]/g, String.raw`\$&`).replaceAll('*', '.*')).join('|')

function parallel(count: string | true): MochaOptions {
  if (count === true || count === 'auto') return { parallel: true }
  if (!/^\d+$/.test(count)) throw new CommandError(`--parallel should be a number of processes, found "${count}".`)
  return Number(count) > 1 ? { parallel: true, jobs: Number(count) } : { parallel: false }
}

/** Converts the options of the command to options of mocha. */
function chosen(options: Options & CommonOptions): MochaOptions {
  const { failfast, k, noColor, forceColor, verbosity } = options
  return {
    ...(failfast && { bail: true }),
    ...(k.length > 0 && { grep: titles(k) }),
    ...(options.parallel !== undefined && parallel(options.parallel)),
    ...(noColor && { color: false }),
    ...(forceColor && { color: true }),
    ...(verbosity === 0 && { reporter: 'dot' }),
    ...(verbosity > 1 && { reporter: 'spec' }),
  }
}

export default class Command extends BaseCommand<Options> {
  readonly help = 'Runs the tests of the project, or those that are named, with mocha.'
  // Tests load the settings and modules that they need.
  override readonly requiresSetup = false
  /** Runs mocha and returns its exit code; tests replace it. */
  protected readonly run = runMocha

  override addArguments(parser: ArgumentParser): void {
    parser
      .argument('[test_label...]', 'Files, folders, dotted names (apps.polls) or apps (polls); all tests without one.')
      .option('--failfast', 'Stop after the first test that fails.')
      .option('-k <pattern>', 'Only tests whose title has this, * for anything. Several times if needed.', appended, [])
      .option('--parallel [count]', 'Run files side by side, in this many processes; else in as many as mocha likes.')
      .option('--noinput', 'Asks nothing; it never does.')
      .option('--no-input', 'The same.')
  }

  async handle(options: Options & CommonOptions): Promise<void> {
    const project = currentProject()
    const { program, configured } = mochaOf(project.root)
    const spec = await specOf(options.testLabel, configured, project)
    const code = await this.run(program, { ...usualOptions(), ...configured, ...chosen(options), spec }, project.root)
    // Mocha has already printed the error.
    if (code !== 0) throw new CommandError('', { exitCode: code })
  }
}

/** The files to run: those of the labels, or the configured ones, or all test files of the project. */
async function specOf(labels: readonly string[], { spec }: MochaOptions, project: Project): Promise<unknown> {
  if (labels.length > 0) return (await Promise.all(labels.map((label) => filesOfLabel(label, project)))).flat()
  return spec ?? testFilesIn(project.root)
}
