/** `settings`, the object that all modules read, and where its values come from. */
import { ImproperlyConfigured } from '../exceptions.ts'
import { didYouMean, type NamedBy } from '#core/utils'
import { isSettingName, readSettingsModule, SETTINGS_MODULE, withEnvironment } from './loader.ts'
import { noteRead, whenRecordingChanges } from './recorded_reads.ts'
import { type LoadedSettings, schema } from './schema.ts'

interface Source {
  readonly module: string
  readonly root: string
  /** Names that the settings module gave. The others have their defaults. */
  readonly given: ReadonlySet<string>
}

let source: Source | undefined

/** The project's own settings and, above them, those of each running override. */
const stack: LoadedSettings[] = []
let current: LoadedSettings | undefined

/** The settings in force. @throws ImproperlyConfigured before they are loaded */
export function currentSettings(): LoadedSettings {
  if (current === undefined) {
    throw new ImproperlyConfigured(
      'The settings are not loaded yet. Call `await setup()` of #core/apps first; manage.ts does so for every command.',
    )
  }
  return current
}

function refuseAssignment(name: string): never {
  throw new ImproperlyConfigured(
    `settings.${name} cannot be assigned: settings are read-only while the process runs. In a test, use overrideSettings().`,
  )
}

function noteAbsent(name: string | symbol): void {
  if (typeof name !== 'string' || !isSettingName(name)) return
  currentSettings()
  noteRead(name, undefined)
}

/** Reached for names that the settings in force do not have: a project's own setting, which an override may add. */
const absent = new Proxy(Object.create(null) as object, {
  get: (_, name) => noteAbsent(name),
  has(_, name) {
    noteAbsent(name)
    return false
  },
  set: (_, name) => refuseAssignment(String(name)),
})

/** An object whose properties can be read and not assigned. */
function readOnly(names: Iterable<string>, getterOf: (name: string) => () => unknown): object {
  const object = Object.create(absent) as object
  for (const name of names) {
    const set = (): void => refuseAssignment(name)
    Object.defineProperty(object, name, { enumerable: true, get: getterOf(name), set })
  }
  return object
}

const unloaded = readOnly(Object.keys(schema), () => currentSettings)

/** The names that each override gave. */
const overrides = new Map<LoadedSettings, ReadonlySet<string>>()

/** Whether a running override gave this setting. */
export const isOverridden = (name: string): boolean => [...overrides.values()].some((names) => names.has(name))

/** The project's own settings, without overrides. */
export const projectSettings = (): LoadedSettings => stack[0] ?? currentSettings()

/** The prototype of `settings` for each set of values. */
const prototypes = new Map<LoadedSettings, object>()

/**
 * The settings of this process. Reading one before they are loaded throws ImproperlyConfigured.
 *
 * The values are on its prototype, and an override is another prototype: a request reads dozens of settings, and
 * JavaScript engines read properties of a prototype fastest.
 */
export const settings = Object.create(unloaded) as LoadedSettings

const NO_SETTINGS = Object.freeze({})
let key: object = NO_SETTINGS
let isRecording = false

/**
 * What identifies the settings in force: a value that was found for a key can be used again while the key is the same.
 * No value has the key that is returned while reads are recorded, and before the settings are loaded.
 */
export const settingsKey = (): object => key

function updateKey(): void {
  key = isRecording || current === undefined ? NO_SETTINGS : current
}

whenRecordingChanges((now) => {
  isRecording = now
  updateKey()
})

function putInForce(values: LoadedSettings | undefined): void {
  current = values
  Object.setPrototypeOf(settings, (values && prototypes.get(values)) ?? unloaded)
  updateKey()
}

/** All settings in force, as a plain object. */
export function allSettings(): LoadedSettings {
  const all = { ...currentSettings() }
  for (const [name, value] of Object.entries(all)) noteRead(name, value)
  return all
}

/**
 * A setting whose name is only known at run time.
 * @throws ImproperlyConfigured for an unknown name, with the closest known one
 */
export function settingNamed(name: string): unknown {
  const all: Record<string, unknown> = currentSettings()
  noteRead(name, all[name])
  if (!Object.hasOwn(all, name)) {
    throw new ImproperlyConfigured(`There is no setting ${name}.${didYouMean(name, Object.keys(all))}`)
  }
  return all[name]
}

/**
 * Puts values in force until `popSettings` removes them.
 * @param overridden the names that an override gave
 */
export function pushSettings(values: LoadedSettings, overridden: readonly string[] = []): void {
  stack.push(values)
  if (overridden.length > 0) overrides.set(values, new Set(overridden))
  const byName: Readonly<Record<string, unknown>> = values
  const prototype = readOnly(Object.keys(values), (name) => {
    const value = byName[name]
    return () => {
      if (isRecording) noteRead(name, value)
      return value
    }
  })
  prototypes.set(values, prototype)
  putInForce(values)
}

export function popSettings(values: LoadedSettings): void {
  stack.splice(stack.lastIndexOf(values), 1)
  overrides.delete(values)
  if (!stack.includes(values)) prototypes.delete(values)
  putInForce(stack.at(-1))
}

/** The settings in force, and those that will be in force again when an override ends. */
export const livingSettings = (): readonly LoadedSettings[] => stack

/**
 * Loads the settings of the process. Later calls do nothing.
 * @param options.settings dotted name of the module; by default NUAGES_SETTINGS_MODULE, or else `settings`
 * @param options.root directory to look for it in, and then in its parents; by default the current one
 * @throws ImproperlyConfigured with a line for each problem
 */
export async function loadSettings(
  options: { settings?: string | undefined; root?: string | undefined } = {},
): Promise<void> {
  if (source !== undefined) return
  const module = options.settings ?? process.env[SETTINGS_MODULE] ?? 'settings'
  const found = await readSettingsModule(module, options.root ?? process.cwd())
  const loaded = withEnvironment(found.values, process.env)
  // A concurrent call may have loaded them while the module was imported.
  if (source !== undefined) return
  source = { module: found.module, root: found.root, given: new Set(Object.keys(found.values)) }
  pushSettings(loaded)
}

export const settingsAreLoaded = (): boolean => source !== undefined

function loadedFrom(): Source {
  if (source === undefined) currentSettings()
  return source as Source
}

/** The directory of settings.ts. Dotted names are relative to it. */
export const projectRoot = (): string => loadedFrom().root

/** The setting that names something, for errors, and the directory from which it is looked up. */
export const namedBy = (setting: string): NamedBy => ({
  setting,
  root: settingsAreLoaded() ? projectRoot() : process.cwd(),
})

/** The dotted name of the settings module. */
export const settingsModule = (): string => loadedFrom().module

/** The names that the settings module gave. */
export const givenSettings = (): ReadonlySet<string> => loadedFrom().given
