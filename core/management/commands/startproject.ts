/** startproject: writes the files of a new project. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import path from 'node:path'
import { CORE, randomString } from '#core/utils'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions, nuagesVersion } from '../base.ts'
import { projectFiles, writeNewFiles } from '../templates.ts'

interface Options {
  readonly name: string
  readonly directory?: string
}

/** Django's prefix of keys that are for development only. `check --deploy` warns about them. */
const INSECURE = 'django-insecure-'
const KEY_LENGTH = 50
const KEY_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)'

/** In the source and in the built package, manage.ts is next to the directory `core`. */
const MANAGE = path.join(path.dirname(CORE), 'manage.ts')

export default class StartProjectCommand extends BaseCommand<Options> {
  readonly help = 'Writes the files of a new project: <name>/, or the given folder.'
  override readonly requiresSetup = false
  override readonly missingArgsMessage = 'You must provide a project name.'

  override addArguments(parser: ArgumentParser): void {
    parser.argument('<name>', 'Name of the project.')
    parser.argument('[directory]', 'Folder to write into, instead of <name>/.')
  }

  handle({ name, directory, verbosity }: Options & CommonOptions): void {
    const packageName = packageNameOf(name)
    mustBeFree(name, packageName)
    const target = path.resolve(directory ?? name)
    if (directory === undefined && existsSync(target)) throw new CommandError(`'${target}' already exists`)
    const files = projectFiles({
      name,
      packageName,
      secretKey: INSECURE + randomString(KEY_LENGTH, KEY_ALPHABET),
      version: nuagesVersion(),
      manage: readFileSync(MANAGE, 'utf8'),
    })
    writeNewFiles(target, files, 'a project', (file) => {
      if (verbosity >= 2) this.stdout.write(`Creating ${file}`)
    })
  }
}

/** The name as npm accepts it: in lower case, without leading underscores. */
function packageNameOf(name: string): string {
  const packageName = name.toLowerCase().replace(/^_+/, '')
  if (/^[A-Za-z_]\w*$/.test(name) && packageName !== '') return packageName
  throw new CommandError(`'${name}' is not a valid project name. Please make sure the name is a valid identifier.`)
}

/** npm cannot install a package into a project with the same name. */
function mustBeFree(name: string, packageName: string): void {
  const what = isBuiltin(packageName) ? 'Node module' : isPackage(packageName) ? 'npm package' : undefined
  if (what === undefined) return
  throw new CommandError(
    `'${name}' conflicts with the name of an existing ${what} and cannot be used as a project name. Please try another name.`,
  )
}

function isPackage(name: string): boolean {
  const folders = [MANAGE, path.resolve('package.json')].flatMap(
    (from) => createRequire(from).resolve.paths(name) ?? [],
  )
  return name === 'nuages' || folders.some((folder) => existsSync(path.join(folder, name)))
}
