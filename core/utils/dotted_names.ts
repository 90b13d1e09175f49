/** Dotted names as in settings: which file one stands for, and the module or value found there. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ImproperlyConfigured } from '../exceptions.ts'
import { didYouMean, joinWithAnd } from './message_text.ts'

/** The folder that `core.` stands for, whether this runs as source or as built JavaScript. */
export const CORE = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const ENDINGS = ['.ts', '.js', '.mjs']

/** Where a name was met, so that an error can say so. */
export interface NamedBy {
  /** The setting, with an index or key: `MIDDLEWARE[2]`, `CACHES['default'].BACKEND`. */
  readonly setting: string
  /** The folder of settings.ts, from which names other than `core.…` are looked up. */
  readonly root: string
}

/** `django.core.X` is `core.X`, any other `django.X` is `core.X`, and every other name is itself. */
export function canonicalName(name: string): string {
  if (name === 'django.core' || name.startsWith('django.core.')) return name.slice('django.'.length)
  return name.startsWith('django.') ? `core.${name.slice('django.'.length)}` : name
}

/** Whether a text has the form of a dotted name: identifiers joined by dots. */
export function isDottedName(text: string): boolean {
  return /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/.test(text)
}

/** The path, without an ending, that a dotted name stands for. */
export function pathOf(name: string, root: string): string {
  const [first, ...rest] = canonicalName(name).split('.')
  return first === 'core' ? path.join(CORE, ...rest) : path.join(root, first as string, ...rest)
}

/** The file that a path without an ending stands for: itself with an ending, or the index of the folder. */
function fileAt(base: string): string | undefined {
  return [...ENDINGS.map((e) => base + e), ...ENDINGS.map((e) => path.join(base, `index${e}`))].find(existsSync)
}

/** The module file of a dotted name, or undefined. */
export function moduleFile(name: string, root: string): string | undefined {
  return fileAt(pathOf(name, root))
}

/** The folder of a dotted name, or undefined. */
export function folderOf(name: string, root: string): string | undefined {
  const folder = pathOf(name, root)
  return existsSync(folder) && statSync(folder).isDirectory() ? folder : undefined
}

/** The names that could stand in a dotted name after this folder's own. */
function namesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  const names = entries.flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return []
    if (entry.isDirectory()) return [entry.name]
    const ending = ENDINGS.find((e) => entry.name.endsWith(e) && !entry.name.endsWith(`.d${e}`))
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
 * What an error says of a name that leads nowhere: the file looked for, how far the path exists, what lies there.
 * @param what what the name should have led to, `file` or `folder`
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

/** Imports the module of a dotted name. An error inside the module is passed on as it is. */
export async function importModule(name: string, by: NamedBy): Promise<Record<string, unknown>> {
  const file = isDottedName(name) ? moduleFile(name, by.root) : undefined
  if (file === undefined) {
    if (!isDottedName(name)) throw new ImproperlyConfigured(`${by.setting} is '${name}', which is not a dotted name.`)
    throw missing(name, by, 'file')
  }
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>
}

/** Imports what a dotted name names inside a module: `core.cache.backends.locmem.LocMemCache`. */
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
