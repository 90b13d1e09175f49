/** The current project: its directory, settings module and apps, and closing the connections it has opened. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ImproperlyConfigured } from '#core/exceptions'
import { folderOf, isDottedName, moduleFile } from '#core/utils'

const SETTINGS_MODULE = 'NUAGES_SETTINGS_MODULE'

/** The label and directory of an installed app. */
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
  /** Directory where the search for the settings module begins, upwards. */
  readonly start: string
  /** Dotted name of the settings module. */
  readonly settings: string
  /** Name of the program, for messages. */
  readonly prog: string
  /** Whether the framework runs without a project. */
  readonly outside: boolean

  constructor({ start = process.cwd(), settings, prog = 'manage.ts', outside = false }: ProjectOptions = {}) {
    this.start = path.resolve(start)
    this.prog = prog
    this.outside = outside
    this.settings = settings ?? process.env[SETTINGS_MODULE] ?? 'settings'
  }

  /** The directory of settings.ts; if there is none, the directory where the search began. */
  get root(): string {
    if (!isDottedName(this.settings)) return this.start
    for (let folder = this.start; ; folder = path.dirname(folder)) {
      if (moduleFile(this.settings, folder) !== undefined) return folder
      if (folder === path.dirname(folder)) return this.start
    }
  }

  /**
   * The directories of INSTALLED_APPS. The settings are not validated, because `help` must be fast and work with
   * invalid settings. Entries that cannot be found are omitted; `setup()` reports them.
   * @throws ImproperlyConfigured if there is no settings module or INSTALLED_APPS is not a list; errors of the import
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

  /** The app's directory if the entry is a class in one of its modules: `apps.polls.apps.PollsConfig`. */
  #folderOfClass(entry: string): string | undefined {
    const module = entry.slice(0, Math.max(entry.lastIndexOf('.'), 0))
    const file = isDottedName(module) ? moduleFile(module, this.root) : undefined
    return file && path.dirname(file)
  }
}

let current: Project | undefined

/** The project of this process: the project of manage.ts, or else the one of the current directory. */
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
