/** The project that commands run for: its directory, settings module and apps, and the services that it opened. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ImproperlyConfigured } from '#core/exceptions'
import { folderOf, isDottedName, moduleFile } from '#core/utils'

const SETTINGS_MODULE = 'NUAGES_SETTINGS_MODULE'

/** An installed app as far as the list of commands needs it. */
export interface AppFolder {
  readonly label: string
  readonly folder: string
}

interface ProjectOptions {
  readonly start?: string | undefined
  readonly settings?: string | undefined
  readonly prog?: string
  readonly outside?: boolean
}

export class Project {
  /** The folder from which the settings module is looked for, upwards. */
  readonly start: string
  /** Dotted name of the settings module. */
  readonly settings: string
  /** How the program is called in messages. */
  readonly prog: string
  /** Whether there is no project at all, only the framework. */
  readonly outside: boolean

  constructor({ start = process.cwd(), settings, prog = 'manage.ts', outside = false }: ProjectOptions = {}) {
    this.start = path.resolve(start)
    this.prog = prog
    this.outside = outside
    this.settings = settings ?? process.env[SETTINGS_MODULE] ?? 'settings'
  }

  /** The folder of settings.ts; where there is none, the folder in which the search began. */
  get root(): string {
    if (!isDottedName(this.settings)) return this.start
    for (let folder = this.start; ; folder = path.dirname(folder)) {
      if (moduleFile(this.settings, folder) !== undefined) return folder
      if (folder === path.dirname(folder)) return this.start
    }
  }

  /**
   * The folders of INSTALLED_APPS, read without loading or checking the settings: `help` must be quick, and must
   * answer when they are wrong. Entries that lead nowhere are left to `setup()`, which names them.
   * @throws what importing the settings module throws
   */
  async appFolders(): Promise<AppFolder[]> {
    const file = isDottedName(this.settings) ? moduleFile(this.settings, this.root) : undefined
    if (file === undefined) {
      throw new ImproperlyConfigured(`There is no settings module '${this.settings}' in ${this.start} or above it.`)
    }
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    const installed =
      module.INSTALLED_APPS ?? (module.default as Record<string, unknown> | undefined)?.INSTALLED_APPS ?? []
    if (!Array.isArray(installed)) throw new ImproperlyConfigured('INSTALLED_APPS is not a list.')
    return installed.flatMap((entry) => (typeof entry === 'string' ? this.#appFolder(entry) : []))
  }

  #appFolder(entry: string): AppFolder[] {
    const folder = folderOf(entry, this.root) ?? this.#folderOfClass(entry)
    return folder === undefined ? [] : [{ label: path.basename(folder), folder }]
  }

  /** The app's folder where the entry is a class in a module of it: `apps.polls.apps.PollsConfig`. */
  #folderOfClass(entry: string): string | undefined {
    const module = entry.slice(0, Math.max(entry.lastIndexOf('.'), 0))
    const file = isDottedName(module) ? moduleFile(module, this.root) : undefined
    return file && path.dirname(file)
  }
}

let current: Project | undefined

/** The project of this process: that of manage.ts, or else of the current folder. */
export function currentProject(): Project {
  return (current ??= new Project())
}

export function useProject(project: Project): void {
  current = project
}

export async function closeServices(): Promise<void> {
  const [{ connections }, { closeCaches }] = await Promise.all([import('#core/db'), import('#core/cache')])
  await Promise.all([connections.close(), closeCaches()])
}
