/** test: runs the project's tests, with the project's mocha. */
import { appended, type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '../base.ts'
import { filesOfLabel, mochaOf, type MochaOptions, runMocha, testFilesIn, usualOptions } from '../mocha.ts'
import { currentProject, type Project } from '../project.ts'

interface Options {
  readonly testLabel: readonly string[]
  readonly failfast?: boolean
  readonly k: readonly string[]
  /** True where no number is given. */
  readonly parallel?: string | true
  readonly noColor?: boolean
  readonly forceColor?: boolean
}

/** The regular expression of patterns in which `*` stands for anything. */
const titles = (patterns: readonly string[]): string =>
  patterns.map((pattern) => pattern.replace(/[.+?^${}()|[\]\\/]/g, String.raw`\$&`).replaceAll('*', '.*')).join('|')

function parallel(count: string | true): MochaOptions {
  if (count === true || count === 'auto') return { parallel: true }
  if (!/^\d+$/.test(count)) throw new CommandError(`--parallel should be a number of processes, found "${count}".`)
  return Number(count) > 1 ? { parallel: true, jobs: Number(count) } : { parallel: false }
}

/** Options of mocha by those of the command. */
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
  // The tests load what they need, with the settings that they want.
  override readonly requiresSetup = false
  /** What runs mocha, and gives its exit code. */
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
    // What went wrong mocha has printed.
    if (code !== 0) throw new CommandError('', { exitCode: code })
  }
}

/** Which files to run: those of the labels, else what the configuration says, else all that are there. */
async function specOf(labels: readonly string[], { spec }: MochaOptions, project: Project): Promise<unknown> {
  if (labels.length > 0) return (await Promise.all(labels.map((label) => filesOfLabel(label, project)))).flat()
  return spec ?? testFilesIn(project.root)
}
