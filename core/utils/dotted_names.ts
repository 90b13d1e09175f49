/** Resolves dotted names, as in settings, to files, modules and exports, and finds the npm packages that settings need. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ImproperlyConfigured } from '../exceptions.ts'
import { errorCode } from './files.ts'
import { didYouMean, joinWithAnd } from './strings.ts'

/** The directory that `core.` refers to, in the sources and in the built package. */
export const CORE = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const EXTENSIONS = ['.ts', '.js', '.mjs']

/** Where a name comes from, for errors, and where it is looked up. */
export interface NamedBy {
  /** The setting, with an index or key: `MIDDLEWARE[2]`, `CACHES['default'].BACKEND`. */
  readonly setting: string
  /** The directory that names other than `core.…` are relative to: that of settings.ts. */
  readonly root: string
}

/** `core.X` for `django.core.X` and for any other `django.X`. Other names are returned as they are. */
export function canonicalName(name: string): string {
  if (name === 'django.core' || name.startsWith('django.core.')) return name.slice('django.'.length)
  return name.startsWith('django.') ? `core.${name.slice('django.'.length)}` : name
}

/** Whether a string is a dotted name: identifiers joined by dots. */
export function isDottedName(text: string): boolean {
  return /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/.test(text)
}

/** The path that a dotted name refers to, without a file name extension. */
export function pathOf(name: string, root: string): string {
  const [first, ...rest] = canonicalName(name).split('.')
  return first === 'core' ? path.join(CORE, ...rest) : path.join(root, first as string, ...rest)
}

/** The file for a path without an extension: a file with that name, or the index file of the directory. */
function fileAt(base: string): string | undefined {
  return [...EXTENSIONS.map((e) => base + e), ...EXTENSIONS.map((e) => path.join(base, `index${e}`))].find(existsSync)
}

/** The file of the module with a dotted name; undefined if it does not exist. */
export function moduleFile(name: string, root: string): string | undefined {
  return fileAt(pathOf(name, root))
}

/** The directory with a dotted name; undefined if it does not exist. */
export function folderOf(name: string, root: string): string | undefined {
  const folder = pathOf(name, root)
  return existsSync(folder) && statSync(folder).isDirectory() ? folder : undefined
}

/** The names of the modules and subdirectories of a directory. */
function namesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  const names = entries.flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return []
    if (entry.isDirectory()) return [entry.name]
    const ending = EXTENSIONS.find((e) => entry.name.endsWith(e) && !entry.name.endsWith(`.d${e}`))
    return ending === undefined ? [] : [entry.name.slice(0, -ending.length)]
  })
  return [...new Set(names)].toSorted()
}

/** A path for an error message: `core/…`, or relative to the project. */
export function readablePath(file: string, root: string): string {
  const inCore = path.relative(CORE, file)
  if (!inCore.startsWith('..')) return path.posix.join('core', ...inCore.split(path.sep))
  return path.relative(root, file).split(path.sep).join('/') || '.'
}

/**
 * The error for a name that does not exist: the file that was looked for, and what the nearest existing directory holds.
 * @param what what the name should refer to
 */
export function missing(name: string, { setting, root }: NamedBy, what: 'file' | 'folder'): ImproperlyConfigured {
  const target = pathOf(name, root)
  let folder = path.dirname(target)
  let absent = path.basename(target)
  while (!existsSync(folder) && folder !== path.dirname(folder)) {
    absent = path.basename(folder)
    folder = path.dirname(folder)
  }
  const beside = namesIn(folder)
  const wanted = what === 'folder' ? `${readablePath(target, root)}/` : `${readablePath(target, root)}.ts`
  const alias = canonicalName(name) === name ? '' : ` (that is '${canonicalName(name)}')`
  const notYet = canonicalName(name).startsWith('core.') ? ` Nuages has no '${canonicalName(name)}'.` : ''
  return new ImproperlyConfigured(
    `${setting} names '${name}'${alias}, but there is no ${wanted}.${notYet}` +
      ` ${readablePath(folder, root)}/ holds: ${joinWithAnd(beside)}.${didYouMean(absent, beside)}`,
  )
}

/**
 * Imports the module with a dotted name.
 * @throws ImproperlyConfigured if there is no such module. An error inside the module is passed on.
 */
export async function importModule(name: string, by: NamedBy): Promise<Record<string, unknown>> {
  const file = isDottedName(name) ? moduleFile(name, by.root) : undefined
  if (file === undefined) {
    if (!isDottedName(name)) throw new ImproperlyConfigured(`${by.setting} is '${name}', which is not a dotted name.`)
    throw missing(name, by, 'file')
  }
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>
}

/**
 * Imports an export of a module by its dotted name: `core.cache.backends.locmem.LocMemCache`.
 * @throws ImproperlyConfigured if there is no such module or export, with those that exist
 */
export async function importName(name: string, by: NamedBy): Promise<unknown> {
  const dot = name.lastIndexOf('.')
  if (dot <= 0 || !isDottedName(name)) {
    throw new ImproperlyConfigured(`${by.setting} is '${name}', which is not a dotted name of something in a module.`)
  }
  const module = await importModule(name.slice(0, dot), by)
  const attribute = name.slice(dot + 1)
  if (!Object.hasOwn(module, attribute)) {
    const exported = Object.keys(module)
    const file = readablePath(moduleFile(name.slice(0, dot), by.root) as string, by.root)
    throw new ImproperlyConfigured(
      `${by.setting} names '${name}', but ${file} exports no '${attribute}'.` +
        ` It exports: ${joinWithAnd(exported)}.${didYouMean(attribute, exported)}`,
    )
  }
  return module[attribute]
}

/** The file that `exports` of a package.json specifies for `import`. */
function importTarget(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports
  if (typeof exports !== 'object' || exports === null) return undefined
  const entries = Object.entries(exports)
  const [, target] = entries.find(([condition]) => ['.', 'node', 'import', 'default'].includes(condition)) ?? []
  return importTarget(target)
}

/** The entry point of a package that can only be imported. Node's `require.resolve` refuses such packages. */
function importOnly(require: NodeJS.Require, name: string): string | undefined {
  const directories = (require.resolve.paths(name) ?? []).map((directory) => path.join(directory, name))
  const found = directories.find((directory) => existsSync(path.join(directory, 'package.json')))
  if (found === undefined) return undefined
  const { exports } = JSON.parse(readFileSync(path.join(found, 'package.json'), 'utf8')) as { exports?: unknown }
  const target = importTarget(exports)
  return target === undefined ? undefined : path.join(found, target)
}

/** The file of a package; undefined if it is not installed. */
function resolveFrom(directory: string, name: string): string | undefined {
  const require = createRequire(path.join(directory, 'package.json'))
  try {
    return require.resolve(name)
  } catch (error) {
    return errorCode(error) === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? importOnly(require, name) : undefined
  }
}

/**
 * The file of an npm package: the project's, or else the framework's.
 * @throws ImproperlyConfigured that names the setting and the command that installs the package
 */
export function resolvePackage(name: string, { setting, root }: NamedBy): string {
  const file = resolveFrom(root, name) ?? resolveFrom(import.meta.dirname, name)
  if (file !== undefined) return file
  throw new ImproperlyConfigured(
    `${setting} needs the npm package '${name}', which is not installed. Run: npm install ${name}`,
  )
}

/** Imports an npm package. @throws ImproperlyConfigured if it is not installed */
export async function importPackage<Module = Record<string, unknown>>(name: string, by: NamedBy): Promise<Module> {
  return (await import(pathToFileURL(resolvePackage(name, by)).href)) as Module
}

const requireFile = createRequire(import.meta.url)

/** Loads an npm package synchronously. @throws ImproperlyConfigured if it is not installed */
export const requirePackage = (name: string, by: NamedBy): unknown => requireFile(resolvePackage(name, by))
