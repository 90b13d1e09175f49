/** Management command that collects the static files of apps and directories in one location, for a web server. */
import { apps } from '#core/apps'
import { appended, type ArgumentParser, ask, BaseCommand, CommandError, type CommonOptions } from '#core/management'
import { Collecting, PostProcessingFailed } from '../../collect.ts'
import { getFinders, staticfilesStorage } from '../../finders.ts'
import type { StaticStorage } from '../../base.ts'

interface Options {
  readonly noinput?: boolean
  /** False for --no-input. */
  readonly input?: boolean
  /** False for --no-post-process. */
  readonly postProcess: boolean
  readonly ignore: readonly string[]
  readonly dryRun?: boolean
  readonly clear?: boolean
  readonly link?: boolean
  /** False for --no-default-ignore. */
  readonly defaultIgnore: boolean
}

const counted = (count: number, rest: string): string => (count === 0 ? '' : `, ${count} ${rest}`)

const files = (count: number): string => `${count} static file${count === 1 ? '' : 's'}`

/** The ignore patterns of the AppConfig, which a project may override. */
function defaultPatterns(): readonly string[] {
  const config = apps.getAppConfigs().find(({ name }) => name === 'core.contrib.staticfiles')
  return (config as { ignorePatterns?: readonly string[] } | undefined)?.ignorePatterns ?? []
}

export default class Command extends BaseCommand<Options> {
  readonly help = 'Collect static files in a single location.'
  override readonly requiresSystemChecks = ['staticfiles']

  override addArguments(parser: ArgumentParser): void {
    parser
      .option('--noinput', 'Asks nothing.')
      .option('--no-input', 'The same.')
      .option('--no-post-process', 'Do not post-process the collected files.')
      .option(
        '-i, --ignore <pattern>',
        'Leave out files and folders of this pattern. Several times if needed.',
        appended,
        [],
      )
      .option('-n, --dry-run', 'Do everything but change files.')
      .option('-c, --clear', 'Empty the place before the files are collected.')
      .option('-l, --link', 'Make a symbolic link to each file instead of copying it.')
      .option('--no-default-ignore', "Do not leave out the usual private patterns ('CVS', '.*' and '*~').")
  }

  async handle(options: Options & CommonOptions): Promise<void> {
    const storage = staticfilesStorage()
    const { clear = false, dryRun = false, link = false, noinput = false, input = true, verbosity } = options
    if (link && storage.path === undefined) throw new CommandError("Can't symlink to a remote destination.")
    // A local storage without STATIC_ROOT throws here, before the prompt.
    storage.path?.('')
    if (input && !noinput) await this.#confirm(storage, { clear, dryRun })
    const ignored = [...options.ignore, ...(options.defaultIgnore ? defaultPatterns() : [])]
    const collecting = new Collecting(
      storage,
      { ignored, clear, dryRun, link, postProcess: options.postProcess },
      (text, level) => {
        if (verbosity >= level) this.stdout.write(text)
      },
    )
    await this.#collect(collecting)
    if (verbosity >= 1) this.stdout.write(summary(collecting, storage, link))
  }

  async #collect(collecting: Collecting): Promise<void> {
    try {
      await collecting.run(getFinders())
    } catch (error) {
      if (!(error instanceof PostProcessingFailed)) throw error
      this.stderr.write(`${error.message}\n`)
      throw new CommandError((error.cause as Error).message, { cause: error })
    }
  }

  async #confirm(storage: StaticStorage, { clear, dryRun }: { clear: boolean; dryRun: boolean }): Promise<void> {
    const { location } = storage
    if (location !== undefined) {
      const { files: names, folders } = await storage.list('')
      if (names.length + folders.length === 0) return
    }
    const question = [
      '\n',
      dryRun ? 'You have activated the --dry-run option so no files will be modified.\n\n' : '',
      'You have requested to collect static files at the destination\nlocation as specified in your settings',
      location === undefined ? '.\n\n' : `:\n\n    ${location}\n\n`,
      clear ? 'This will DELETE ALL FILES in this location!\n' : 'This will overwrite existing files!\n',
      "Are you sure you want to do this?\n\nType 'yes' to continue, or 'no' to cancel: ",
    ]
    if ((await ask(question.join(''))) !== 'yes') throw new CommandError('Collecting static files cancelled.')
  }
}

function summary(
  { copied, deleted, postProcessed, skipped, unmodified }: Collecting,
  { location }: StaticStorage,
  link: boolean,
): string {
  return [
    '\n',
    deleted.length === 0 ? '' : `${files(deleted.length)} deleted, `,
    `${files(copied.length)} ${link ? 'symlinked' : 'copied'}`,
    location === undefined ? '' : ` to '${location}'`,
    counted(unmodified.length, 'unmodified'),
    counted(postProcessed.length, 'post-processed'),
    counted(skipped.length, 'skipped due to conflict'),
    '.',
  ].join('')
}
