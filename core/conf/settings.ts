/** `settings`, the one object that every room reads, and its replacement for the length of a test. */
import { ImproperlyConfigured } from '../exceptions.ts'
import { didYouMean } from '../utils/words.ts'
import { completeSettings, isSettingName, readSettingsModule, SETTINGS_MODULE, withEnvironment } from './loader.ts'
import { type LoadedSettings, type Settings, schema } from './schema.ts'

interface Source {
  readonly module: string
  readonly root: string
  readonly values: LoadedSettings
  /** Names that the project gave; the others have their defaults. */
  readonly given: ReadonlySet<string>
}

let source: Source | undefined
let current: LoadedSettings | undefined
/** The project's own settings and, on top, those of every override that is running. */
const active: LoadedSettings[] = []

function values(): LoadedSettings {
  if (current === undefined) {
    throw new ImproperlyConfigured(
      'The settings are not loaded yet. Call `await setup()` of #core/apps first; manage.ts does so for every command.',
    )
  }
  return current
}

function notWritable(name: string): never {
  throw new ImproperlyConfigured(
    `settings.${name} cannot be assigned: settings are read-only while the process runs. In a test, use overrideSettings().`,
  )
}

const settingsObject = Object.create(null) as Record<string, unknown>

/** A read of `settings.X` is a getter over the current values, so that an override is one assignment. */
function declare(name: string): void {
  Object.defineProperty(settingsObject, name, {
    enumerable: true,
    configurable: true,
    get: () => values()[name as keyof LoadedSettings],
    set() {
      notWritable(name)
    },
  })
}
for (const name of Object.keys(schema)) declare(name)

/** The settings of this process. Reading one before they are loaded is an error that says so. */
export const settings = settingsObject as LoadedSettings

/** A setting by a name that is only known at run time, or an error with the nearest known name. */
export function settingNamed(name: string): unknown {
  const all = values() as Record<string, unknown>
  if (!Object.hasOwn(all, name))
    throw new ImproperlyConfigured(`There is no setting ${name}.${didYouMean(name, Object.keys(all))}`)
  return all[name]
}

function use(next: LoadedSettings): void {
  current = next
  for (const name of Object.keys(next)) if (!Object.hasOwn(settingsObject, name)) declare(name)
}

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
  source = { module: found.module, root: found.root, values: loaded, given: new Set(Object.keys(found.values)) }
  active.push(loaded)
  use(loaded)
}

export const settingsAreLoaded = (): boolean => source !== undefined

function loadedFrom(): Source {
  if (source === undefined) values()
  return source as Source
}

/** The folder of settings.ts, from which dotted names are looked up. */
export const projectRoot = (): string => loadedFrom().root

/** The dotted name of the settings module. */
export const settingsModule = (): string => loadedFrom().module

/** The names that the settings module itself gave. */
export const givenSettings = (): ReadonlySet<string> => loadedFrom().given

/** Something that was built from settings, and is built anew when they change. */
interface Built<T> {
  readonly from: readonly unknown[]
  readonly value: T
}

const builders = new Set<{ disposeStale(): Promise<void> }>()

/**
 * A value built from settings when it is first asked for, and again whenever one of the named settings has another
 * value. What was built before an override is kept for afterwards; what was built within it is disposed of at its end.
 * @param names the settings that the value depends on
 * @param build makes the value
 * @param dispose closes what the value holds open
 */
export function builtFrom<T>(
  names: readonly string[],
  build: () => T,
  dispose?: (value: T) => Promise<void> | void,
): { (): T; dispose(): Promise<void> } {
  let kept: Built<T>[] = []
  const fits = (entry: Built<T>, values: Record<string, unknown>): boolean =>
    names.every((name, i) => entry.from[i] === values[name])
  let last: Built<T> | undefined
  let lastSettings: LoadedSettings | undefined
  const get = (): T => {
    // One comparison on the usual way: the settings are the same object as when we last looked.
    if (last !== undefined && lastSettings === current) return last.value
    const now = values() as Record<string, unknown>
    let entry = kept.find((each) => fits(each, now))
    if (entry === undefined) {
      entry = { from: names.map((name) => now[name]), value: build() }
      kept.push(entry)
    }
    last = entry
    lastSettings = current
    return entry.value
  }
  const disposeOf = async (entries: Built<T>[]): Promise<void> => {
    kept = kept.filter((entry) => !entries.includes(entry))
    last = undefined
    for (const entry of entries) await dispose?.(entry.value)
  }
  builders.add({
    disposeStale: () => disposeOf(kept.filter((entry) => !active.some((values) => fits(entry, values)))),
  })
  return Object.assign(get, { dispose: () => disposeOf(kept) })
}

/**
 * Runs `fn` with other settings, and puts the former ones back whatever happens. For tests: the settings are the
 * process's, so two overrides must not run side by side.
 * @throws ImproperlyConfigured when a value is wrong, as at start
 */
export async function overrideSettings<T>(overrides: Settings, fn: () => T | Promise<T>): Promise<T> {
  await loadSettings()
  const before = values()
  for (const name of Object.keys(overrides)) {
    if (!isSettingName(name))
      throw new ImproperlyConfigured(`overrideSettings: '${name}' is not the name of a setting.`)
  }
  const overridden = completeSettings({ ...before, ...overrides })
  active.push(overridden)
  use(overridden)
  try {
    return await fn()
  } finally {
    active.splice(active.lastIndexOf(overridden), 1)
    use(before)
    for (const builder of builders) await builder.disposeStale()
  }
}
