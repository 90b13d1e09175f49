/** The contract of a template loader, templates in directories, and the loaders that settings name. */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { classWith, loadNamed } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue, type NamedBy } from '#core/utils'

/** A place where a template may exist. */
export interface TemplateSource {
  /** The place as errors show it: the path of a file, or the loader's name for the place. */
  readonly origin: string
  /** Path of the file, if it is one. */
  readonly file?: string
  /** A string that changes with the template. Undefined if there is no template. */
  stamp(): string | undefined
  read(): string
}

export interface TemplateLoader {
  /** The places to look in, in order of preference. */
  sources(name: string): TemplateSource[]
}

/** What the engine passes to the constructors of loaders. */
export interface LoaderSetup {
  /** DIRS as absolute paths. */
  readonly dirs: readonly string[]
  /** The templates/ directories of the installed apps. */
  readonly appDirs: readonly string[]
}

function sourceIn(directory: string, name: string): TemplateSource[] {
  const file = path.resolve(directory, name)
  // `../` in a name must not lead out of the directory.
  if (name.includes('\0') || !file.startsWith(path.resolve(directory) + path.sep)) return []
  const stamp = (): string | undefined => {
    const stats = statSync(file, { throwIfNoEntry: false })
    return stats?.isFile() === true ? `${stats.mtimeMs}:${stats.size}` : undefined
  }
  return [{ origin: file, file, stamp, read: () => readFileSync(file, 'utf8') }]
}

/** The places of a template in some directories. */
export function sourcesIn(directories: readonly string[], name: string): TemplateSource[] {
  return directories.flatMap((directory) => sourceIn(directory, name))
}

type LoaderClass = (new (setup: LoaderSetup, ...args: unknown[]) => TemplateLoader) & { takesLoaders?: true }

const LOADER = classWith<LoaderClass>('sources')

/** Creates a loader from its dotted name, or from a list of its name and arguments. */
async function resolveLoader(entry: unknown, setup: LoaderSetup, by: NamedBy): Promise<TemplateLoader> {
  const [name, ...args] = Array.isArray(entry) ? (entry as unknown[]) : [entry]
  if (typeof name !== 'string') {
    throw new ImproperlyConfigured(
      `${by.setting} should be a dotted name, or a list of one and its arguments, found ${formatValue(entry)}.`,
    )
  }
  const Loader = await loadNamed(by.setting, name, LOADER, { root: by.root })
  if (Loader.takesLoaders !== true) return new Loader(setup, ...args)
  return new Loader(setup, await resolveLoaders(args[0], setup, { ...by, setting: `${by.setting}[1]` }))
}

/** Creates the loaders of OPTIONS.loaders. @throws ImproperlyConfigured */
export async function resolveLoaders(entries: unknown, setup: LoaderSetup, by: NamedBy): Promise<TemplateLoader[]> {
  if (!Array.isArray(entries)) {
    throw new ImproperlyConfigured(`${by.setting} should be a list of loaders, found ${formatValue(entries)}.`)
  }
  return Promise.all(entries.map((entry, i) => resolveLoader(entry, setup, { ...by, setting: `${by.setting}[${i}]` })))
}
