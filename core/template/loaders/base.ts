/** What a template loader is: it knows the places where a template of a name may lie. */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue, importName, type NamedBy } from '#core/utils'

/** A place where a template may be. */
export interface TemplateSource {
  /** The place as a reader knows it: the path of a file, or the loader's own word for it. */
  readonly origin: string
  /** The file, where it is one. */
  readonly file?: string
  /** Changes when the template does; undefined where there is none. */
  stamp(): string | undefined
  read(): string
}

export interface TemplateLoader {
  /** Places to look in, the preferred one first. */
  sources(name: string): TemplateSource[]
}

/** What the engine tells the loaders. */
export interface LoaderSetup {
  /** DIRS, absolute. */
  readonly dirs: readonly string[]
  /** The templates folders of the installed apps. */
  readonly appDirs: readonly string[]
}

// Templates in folders: what the loaders of DIRS and of apps have in common.

function sourceIn(folder: string, name: string): TemplateSource[] {
  const file = path.resolve(folder, name)
  // A name that leads out of the folder names nothing there.
  if (name.includes('\0') || !file.startsWith(path.resolve(folder) + path.sep)) return []
  const stamp = (): string | undefined => {
    const stats = statSync(file, { throwIfNoEntry: false })
    return stats?.isFile() === true ? `${stats.mtimeMs}:${stats.size}` : undefined
  }
  return [{ origin: file, file, stamp, read: () => readFileSync(file, 'utf8') }]
}

/** The places of a template in folders, the first folder first. */
export function sourcesIn(folders: readonly string[], name: string): TemplateSource[] {
  return folders.flatMap((folder) => sourceIn(folder, name))
}

// From the names in OPTIONS.loaders to loaders.

type LoaderClass = (new (setup: LoaderSetup, ...args: unknown[]) => TemplateLoader) & { takesLoaders?: true }

/** A loader from its dotted name, or from a list of its name and its arguments. */
async function resolveLoader(entry: unknown, setup: LoaderSetup, by: NamedBy): Promise<TemplateLoader> {
  const [name, ...args] = Array.isArray(entry) ? (entry as unknown[]) : [entry]
  if (typeof name !== 'string') {
    throw new ImproperlyConfigured(
      `${by.setting} should be a dotted name, or a list of one and its arguments, found ${formatValue(entry)}.`,
    )
  }
  const Loader = (await importName(name, by)) as LoaderClass
  if (typeof Loader !== 'function') {
    throw new ImproperlyConfigured(`${by.setting} names '${name}', which is not the class of a template loader.`)
  }
  if (Loader.takesLoaders !== true) return new Loader(setup, ...args)
  return new Loader(setup, await resolveLoaders(args[0], setup, { ...by, setting: `${by.setting}[1]` }))
}

/** All loaders of a list in the settings, in its order. */
export async function resolveLoaders(entries: unknown, setup: LoaderSetup, by: NamedBy): Promise<TemplateLoader[]> {
  if (!Array.isArray(entries)) {
    throw new ImproperlyConfigured(`${by.setting} should be a list of loaders, found ${formatValue(entries)}.`)
  }
  return Promise.all(entries.map((entry, i) => resolveLoader(entry, setup, { ...by, setting: `${by.setting}[${i}]` })))
}
