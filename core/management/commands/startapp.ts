/** startapp: writes the files of a new app. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { appFiles, writeNewFiles } from '../templates.ts'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '../base.ts'
import { currentProject } from '../project.ts'

interface Options {
  readonly name: string
  readonly directory?: string
}

/** Names that would conflict with another meaning in a dotted name. */
const RESERVED = new Set(['core', 'django', 'apps', 'settings', 'manage', 'test', 'node_modules'])

export default class StartAppCommand extends BaseCommand<Options> {
  readonly help = 'Writes the files of a new app: apps/<name>/, or the given folder.'
  override readonly requiresSetup = false
  override readonly missingArgsMessage = 'You must provide an application name.'

  override addArguments(parser: ArgumentParser): void {
    parser.argument('<name>', 'Name of the app.')
    parser.argument('[directory]', 'Folder to write into, instead of apps/<name>/.')
  }

  async handle({ name, directory, verbosity }: Options & CommonOptions): Promise<void> {
    const { root } = currentProject()
    await mustBeFree(name)
    const target = directory === undefined ? path.join(root, 'apps', name) : path.resolve(directory)
    if (directory === undefined && existsSync(target)) throw new CommandError(`'${target}' already exists.`)
    writeNewFiles(target, appFiles(name), 'an app', (file) => {
      if (verbosity >= 2) this.stdout.write(`Creating ${file}`)
    })
  }
}

async function mustBeFree(name: string): Promise<void> {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new CommandError(`'${name}' is not a valid app name. Please make sure the name is a valid identifier.`)
  }
  const conflict = RESERVED.has(name) ? 'a part of the framework or the project' : await installedLike(name)
  if (conflict === undefined) return
  throw new CommandError(
    `'${name}' conflicts with the name of ${conflict} and cannot be used as an app name. Please try another name.`,
  )
}

/** Describes an installed app with the same label. Undefined if the settings cannot be read: the name is accepted. */
async function installedLike(name: string): Promise<string | undefined> {
  const folders = await currentProject()
    .appFolders()
    .catch(() => [])
  return folders.some(({ label }) => label === name) ? 'an installed app' : undefined
}
