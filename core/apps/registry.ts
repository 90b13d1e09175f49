/** Installed apps: `AppConfig`, and the registry that INSTALLED_APPS fills. */
import path from 'node:path'
import { dependOnSetting } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import {
  canonicalName,
  didYouMean,
  folderOf,
  importModule,
  joinWithAnd,
  missing,
  moduleFile,
  type NamedBy,
} from '#core/utils'

export interface ModelName {
  /** The name of the class: `LogEntry`. */
  readonly name: string
  /** The name for people: `log entry`. By default derived from `name`. */
  readonly verboseName?: string
}

/** An installed app. A subclass in the `apps.ts` of an app changes its label, or runs code at startup. */
export class AppConfig {
  /** Dotted name of the app's directory: `apps.polls`. */
  readonly name: string
  /** Absolute path of the directory. */
  readonly path: string
  /** Short name for commands and migrations. Unique in the project. */
  label: string
  verboseName: string
  /** The app's models, which have content types and permissions: `['Poll', { name: 'LogEntry', verboseName: 'entry' }]`. */
  readonly models: readonly (string | ModelName)[] = []

  constructor(name: string, path: string) {
    this.name = name
    this.path = path
    this.label = name.slice(name.lastIndexOf('.') + 1)
    this.verboseName = this.label.charAt(0).toUpperCase() + this.label.slice(1).replaceAll('_', ' ')
  }

  /** Called once, when all apps are loaded: the place to register checks and to connect signals. */
  ready(): void | Promise<void> {}
}

type AppConfigClass = new (name: string, path: string) => AppConfig

function isAppConfigClass(value: unknown): value is AppConfigClass {
  return typeof value === 'function' && value.prototype instanceof AppConfig
}

/** The config of an app from its directory: the only AppConfig class in its apps.ts, or a plain AppConfig. */
async function fromFolder(name: string, folder: string, by: NamedBy): Promise<AppConfig> {
  let AppConfigClass: AppConfigClass = AppConfig
  if (moduleFile(`${name}.apps`, by.root) !== undefined) {
    const module = await importModule(`${name}.apps`, by)
    const classes = Object.values(module).filter(isAppConfigClass)
    if (classes.length > 1) {
      throw new ImproperlyConfigured(
        `${by.setting} names '${name}', whose apps.ts has several AppConfig classes.` +
          ` Name one of them: ${joinWithAnd(classes.map((each) => `'${name}.apps.${each.name}'`))}.`,
      )
    }
    AppConfigClass = classes[0] ?? AppConfig
  }
  return new AppConfigClass(canonicalName(name), folder)
}

/** The config that an entry of INSTALLED_APPS names: a directory, or a class in a module. */
async function fromEntry(entry: string, by: NamedBy): Promise<AppConfig> {
  const folder = folderOf(entry, by.root)
  if (folder !== undefined) return fromFolder(entry, folder, by)
  const dot = entry.lastIndexOf('.')
  const module = dot > 0 ? entry.slice(0, dot) : ''
  if (module === '' || moduleFile(module, by.root) === undefined) throw missing(entry, by, 'folder')
  const exported = await importModule(module, by)
  const className = entry.slice(dot + 1)
  const found = exported[className]
  if (!isAppConfigClass(found)) {
    const classes = Object.keys(exported).filter((key) => isAppConfigClass(exported[key]))
    throw new ImproperlyConfigured(
      `${by.setting} names '${entry}', which is neither an app's folder nor an AppConfig class.` +
        ` AppConfig classes of ${module}: ${joinWithAnd(classes)}.${didYouMean(className, classes)}`,
    )
  }
  const file = moduleFile(module, by.root) as string
  return new found(canonicalName(module.replace(/\.[^.]*$/, '')), path.dirname(file))
}

export class Apps {
  #configs = new Map<string, AppConfig>()
  #ready = false

  /** Whether all apps are loaded and every `ready()` has run. */
  get ready(): boolean {
    return this.#ready
  }

  /**
   * Fills the registry in the order of INSTALLED_APPS, then calls `ready()` of each app.
   * @param root the directory that dotted names are relative to
   * @throws ImproperlyConfigured with a line for each invalid entry
   */
  async populate(installed: readonly string[], root: string): Promise<void> {
    const configs = new Map<string, AppConfig>()
    const problems: string[] = []
    for (const [i, entry] of installed.entries()) {
      try {
        const config = await fromEntry(entry, { setting: `INSTALLED_APPS[${i}]`, root })
        const other = configs.get(config.label)
        if (other !== undefined) {
          problems.push(
            `INSTALLED_APPS[${i}] '${entry}' has the label '${config.label}', as '${other.name}' has.` +
              ' Labels must be unique: set another one in an AppConfig.',
          )
        } else configs.set(config.label, config)
      } catch (error) {
        if (!(error instanceof ImproperlyConfigured)) throw error
        problems.push(error.message)
      }
    }
    if (problems.length > 0) throw new ImproperlyConfigured(problems.join('\n'))
    this.#configs = configs
    for (const config of configs.values()) await config.ready()
    this.#ready = true
  }

  /** All apps in the order of INSTALLED_APPS. */
  getAppConfigs(): AppConfig[] {
    dependOnSetting('INSTALLED_APPS')
    return [...this.#configs.values()]
  }

  /** @throws LookupError if no app has the label */
  getAppConfig(label: string): AppConfig {
    dependOnSetting('INSTALLED_APPS')
    const config = this.#configs.get(label)
    if (config === undefined) {
      throw new LookupError(`No installed app with label '${label}'.${didYouMean(label, this.#configs.keys())}`)
    }
    return config
  }

  /** @param name the dotted name of an app, as `core.…` or as `django.…` */
  isInstalled(name: string): boolean {
    return this.getAppConfigs().some((config) => config.name === canonicalName(name))
  }
}

/** No installed app has the requested label. */
export class LookupError extends Error {
  override readonly name = 'LookupError'
}
