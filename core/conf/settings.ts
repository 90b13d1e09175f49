/** `settings`, the one object that every room reads, and where its values come from. */
import { ImproperlyConfigured } from '../exceptions.ts'
import { didYouMean } from '#core/utils'
import { readSettingsModule, SETTINGS_MODULE, withEnvironment } from './loader.ts'
import { type LoadedSettings, schema } from './schema.ts'

interface Source {
  readonly module: string
  readonly root: string
  /** Names that the project gave; the others have their defaults. */
  readonly given: ReadonlySet<string>
}

let source: Source | undefined

/** The project's own settings and, on top, those of every override that is running. */
const stack: LoadedSettings[] = []
let current: LoadedSettings | undefined

/** The values now in force. */
export function currentSettings(): LoadedSettings {
  if (current === undefined) {
    throw new ImproperlyConfigured(
      'The settings are not loaded yet. Call `await setup()` of #core/apps first; manage.ts does so for every command.',
    )
  }
  return current
}

/** An object of which every setting can be read, and none assigned. */
function readOnly(names: Iterable<string>, read: (name: string) => () => unknown): object {
  const face = Object.create(null) as object
  for (const name of names) {
    Object.defineProperty(face, name, {
      enumerable: true,
      get: read(name),
      set() {
        throw new ImproperlyConfigured(
          `settings.${name} cannot be assigned: settings are read-only while the process runs. In a test, use overrideSettings().`,
        )
      },
    })
  }
  return face
}

const unread = readOnly(Object.keys(schema), () => currentSettings)

/** The names that each override gave. */
const overrides = new Map<LoadedSettings, ReadonlySet<string>>()

/** Whether an override that is running gave this setting. */
export const isOverridden = (name: string): boolean => [...overrides.values()].some((names) => names.has(name))

/** The values of the project itself, beneath all overrides. */
export const projectSettings = (): LoadedSettings => stack[0] ?? currentSettings()

/** What `settings` shows of each set of values. */
const faces = new Map<LoadedSettings, object>()

/**
 * The settings of this process. Reading one before they are loaded is an error that says so.
 *
 * The values in force are its prototype, and an override is another prototype: a request reads dozens of settings, and
 * properties of a prototype are those that an engine reads fastest.
 */
export const settings = Object.create(unread) as LoadedSettings

function putInForce(values: LoadedSettings | undefined): void {
  current = values
  Object.setPrototypeOf(settings, (values && faces.get(values)) ?? unread)
}

/** The settings in force as a plain object, for those who want to see all of them. */
export const allSettings = (): LoadedSettings => ({ ...currentSettings() })

/** A setting by a name that is only known at run time, or an error with the nearest known name. */
export function settingNamed(name: string): unknown {
  const all: Record<string, unknown> = currentSettings()
  if (!Object.hasOwn(all, name)) {
    throw new ImproperlyConfigured(`There is no setting ${name}.${didYouMean(name, Object.keys(all))}`)
  }
  return all[name]
}

/**
 * Puts values in force until `pop` takes them away.
 * @param overridden the names that an override gave
 */
export function pushSettings(values: LoadedSettings, overridden: readonly string[] = []): void {
  stack.push(values)
  if (overridden.length > 0) overrides.set(values, new Set(overridden))
  const byName: Readonly<Record<string, unknown>> = values
  faces.set(
    values,
    readOnly(Object.keys(values), (name) => {
      const value = byName[name]
      return () => value
    }),
  )
  putInForce(values)
}

export function popSettings(values: LoadedSettings): void {
  stack.splice(stack.lastIndexOf(values), 1)
  overrides.delete(values)
  if (!stack.includes(values)) faces.delete(values)
  putInForce(stack.at(-1))
}

/** All values that are in force or will be again when an override ends. */
export const livingSettings = (): readonly LoadedSettings[] => stack

/**
 * Loads the settings once per process; later calls do nothing.
 * @param options.settings dotted name of the module; else NUAGES_SETTINGS_MODULE, else `settings`
 * @param options.root folder from which to look for it, upwards; else the current one
 * @throws ImproperlyConfigured with every problem found, a line each
 */
export async function loadSettings(
  options: { settings?: string | undefined; root?: string | undefined } = {},
): Promise<void> {
  if (source !== undefined) return
  const module = options.settings ?? process.env[SETTINGS_MODULE] ?? 'settings'
  const found = await readSettingsModule(module, options.root ?? process.cwd())
  const loaded = withEnvironment(found.values, process.env)
  // Another caller may have come first while the module was read.
  if (source !== undefined) return
  source = { module: found.module, root: found.root, given: new Set(Object.keys(found.values)) }
  pushSettings(loaded)
}

export const settingsAreLoaded = (): boolean => source !== undefined

function loadedFrom(): Source {
  if (source === undefined) currentSettings()
  return source as Source
}

/** The folder of settings.ts, from which dotted names are looked up. */
export const projectRoot = (): string => loadedFrom().root

/** The dotted name of the settings module. */
export const settingsModule = (): string => loadedFrom().module

/** The names that the settings module itself gave. */
export const givenSettings = (): ReadonlySet<string> => loadedFrom().given
