/** Finders, which find static files before they are collected, and the configured finders and storage. */
import path from 'node:path'
import { apps } from '#core/apps'
import { type CheckMessage, Error as CheckError, Warning } from '#core/checks'
import {
  cachedFromSettings,
  classWith,
  loadedFromSettings,
  loadNamed,
  mutableCopy,
  projectRoot,
  settings,
} from '#core/conf'
import { formatValue, trimEndOf } from '#core/utils'
import type { StaticStorage, StaticStorageClass, StorageOptions } from './base.ts'
import { exists, fileBelow, isFolder, namesBelow } from './folders.ts'

export interface FoundFile {
  /** The name under which it is collected and served, separated by slashes. */
  readonly name: string
  readonly file: string
}

export interface Finder {
  /** All files with a name; the first takes precedence. Names that lead out of a directory are not found in it. */
  find(name: string): string[]
  /** All files, except those that match one of the patterns. */
  list(ignored: readonly string[]): Iterable<FoundFile>
  /** The directories that are searched, for messages. */
  readonly locations: readonly string[]
  /** Checks the settings that it reads. */
  check?(): CheckMessage[]
}

export type FinderClass = new () => Finder

/** A directory whose file names optionally get a prefix. */
export interface StaticFolder {
  readonly prefix: string
  readonly folder: string
}

function findIn({ prefix, folder }: StaticFolder, name: string): string[] {
  if (prefix !== '' && !name.startsWith(`${prefix}/`)) return []
  const file = fileBelow(folder, prefix === '' ? name : name.slice(prefix.length + 1))
  return file !== undefined && exists(file) ? [file] : []
}

function* listIn({ prefix, folder }: StaticFolder, ignored: readonly string[]): Generator<FoundFile> {
  if (!isFolder(folder)) return
  for (const name of namesBelow(folder, ignored)) {
    yield { name: prefix === '' ? name : `${prefix}/${name}`, file: path.join(folder, name) }
  }
}

const isPair = (entry: unknown): entry is readonly [prefix: string, folder: string] =>
  Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === 'string')

const absolute = (folder: string): string => path.resolve(projectRoot(), folder)

/** Finds files in the directories of STATICFILES_DIRS. */
export class FileSystemFinder implements Finder {
  readonly #entries: readonly unknown[]

  constructor(entries: readonly unknown[] = settings.STATICFILES_DIRS) {
    this.#entries = entries
  }

  get #folders(): StaticFolder[] {
    return this.#entries.flatMap((entry) => {
      if (typeof entry === 'string') return [{ prefix: '', folder: absolute(entry) }]
      return isPair(entry) ? [{ prefix: trimEndOf(entry[0], '/'), folder: absolute(entry[1]) }] : []
    })
  }

  get locations(): string[] {
    return this.#folders.map(({ folder }) => folder)
  }

  find(name: string): string[] {
    return this.#folders.flatMap((folder) => findIn(folder, name))
  }

  *list(ignored: readonly string[]): Generator<FoundFile> {
    for (const folder of this.#folders) yield* listIn(folder, ignored)
  }

  check(): CheckMessage[] {
    return this.#entries.flatMap((entry) => {
      if (typeof entry === 'string') return this.#checkFolder(entry)
      if (isPair(entry)) return [...checkPrefix(entry[0]), ...this.#checkFolder(entry[1])]
      const hint = "An entry is a folder, 'assets', or a prefix with a folder: ['downloads', 'assets/files']."
      const message = `STATICFILES_DIRS has ${formatValue(entry)}, which is neither a folder nor a prefix with a folder.`
      return [new CheckError(message, { hint, id: 'staticfiles.E001' })]
    })
  }

  #checkFolder(entry: string): CheckMessage[] {
    const folder = absolute(entry)
    if (settings.STATIC_ROOT !== null && folder === absolute(settings.STATIC_ROOT)) {
      const message = 'The STATICFILES_DIRS setting should not contain the STATIC_ROOT setting.'
      return [new CheckError(message, { id: 'staticfiles.E002' })]
    }
    if (isFolder(folder)) return []
    const message = `The directory '${entry}' in the STATICFILES_DIRS setting does not exist.`
    return [new Warning(message, { id: 'staticfiles.W004' })]
  }
}

function checkPrefix(prefix: string): CheckMessage[] {
  if (!prefix.endsWith('/')) return []
  const message = `The prefix '${prefix}' in the STATICFILES_DIRS setting must not end with a slash.`
  return [new CheckError(message, { id: 'staticfiles.E003' })]
}

/** Finds files in the static/ directories of the installed apps, in their order. */
export class AppDirectoriesFinder implements Finder {
  readonly #apps: () => readonly { readonly path: string }[]

  constructor(installed: () => readonly { readonly path: string }[] = () => apps.getAppConfigs()) {
    this.#apps = installed
  }

  get #folders(): StaticFolder[] {
    const folders = this.#apps().map((app) => path.join(app.path, 'static'))
    return folders.filter(isFolder).map((folder) => ({ prefix: '', folder }))
  }

  get locations(): string[] {
    return this.#folders.map(({ folder }) => folder)
  }

  find(name: string): string[] {
    return this.#folders.flatMap((folder) => findIn(folder, name))
  }

  *list(ignored: readonly string[]): Generator<FoundFile> {
    for (const folder of this.#folders) yield* listIn(folder, ignored)
  }
}

const DEFAULT_STORAGE = 'core.contrib.staticfiles.storage.StaticFilesStorage'

interface StorageEntry {
  readonly BACKEND?: unknown
  readonly OPTIONS?: StorageOptions
}

const storageEntry = (): StorageEntry => settings.STORAGES.staticfiles ?? {}

const storageClass = loadedFromSettings('STORAGES', () => {
  const { BACKEND = DEFAULT_STORAGE } = storageEntry()
  const storage = classWith<StaticStorageClass>('url', 'exists', 'save', 'delete', 'list', 'modified')
  return loadNamed("STORAGES['staticfiles'].BACKEND", BACKEND, storage)
})

/** The storage of static files. @throws ImproperlyConfigured if a required setting is missing */
export const staticfilesStorage = cachedFromSettings(
  (): StaticStorage => new (storageClass())(mutableCopy(storageEntry().OPTIONS ?? {})),
)

const finderClasses = loadedFromSettings('STATICFILES_FINDERS', () =>
  Promise.all(
    settings.STATICFILES_FINDERS.map((name, i) =>
      loadNamed(`STATICFILES_FINDERS[${i}]`, name, classWith<FinderClass>('find', 'list')),
    ),
  ),
)

/** The finders, in the order of the setting. */
export const getFinders = cachedFromSettings((): readonly Finder[] =>
  finderClasses().map((FinderOfSetting) => new FinderOfSetting()),
)

/** All files with a name; the first is the one that is served. */
export const findAll = (name: string): string[] => getFinders().flatMap((finder) => finder.find(name))

/** The file with a name that is served and collected; undefined if there is none. */
export const find = (name: string): string | undefined => findAll(name)[0]
