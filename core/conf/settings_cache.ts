/** What rooms build from settings, kept while those settings are in force and built anew when others are. */
import { ImproperlyConfigured } from '../exceptions.ts'
import { currentSettings, livingSettings, loadSettings, popSettings, pushSettings } from './settings.ts'
import { completeSettings, isSettingName } from './loader.ts'
import type { Settings } from './schema.ts'

type Values = Readonly<Record<string, unknown>>

/** Things built from some settings: one for each set of values those settings have had. */
class SettingsCache<T> {
  readonly #names: readonly string[]
  readonly #dispose: ((value: T) => Promise<void> | void) | undefined
  #kept: { from: readonly unknown[]; value: T }[] = []
  #last: { settings: Values; value: T } | undefined

  constructor(names: readonly string[], dispose?: (value: T) => Promise<void> | void) {
    this.#names = names
    this.#dispose = dispose
  }

  /** The thing for the settings in force; its absence is undefined. */
  find(): { value: T } | undefined {
    const now: Values = currentSettings()
    // One comparison on the usual way: the settings are the object they were when we last looked.
    if (this.#last?.settings === now) return this.#last
    const entry = this.#kept.find(({ from }) => this.#fits(from, now))
    if (entry !== undefined) this.#last = { settings: now, value: entry.value }
    return entry
  }

  keep(value: T): T {
    const now: Values = currentSettings()
    this.#kept.push({ from: this.#names.map((name) => now[name]), value })
    return value
  }

  /** Lets go of what fits no settings that are in force or will be again. */
  async disposeStale(): Promise<void> {
    await this.#disposeUnless((from) => livingSettings().some((values) => this.#fits(from, values)))
  }

  disposeAll(): Promise<void> {
    return this.#disposeUnless(() => false)
  }

  async #disposeUnless(keep: (from: readonly unknown[]) => boolean): Promise<void> {
    const stale = this.#kept.filter(({ from }) => !keep(from))
    this.#kept = this.#kept.filter(({ from }) => keep(from))
    this.#last = undefined
    for (const { value } of stale) await this.#dispose?.(value)
  }

  #fits(from: readonly unknown[], values: Values): boolean {
    return this.#names.every((name, i) => from[i] === values[name])
  }
}

const everything = new Set<SettingsCache<never>>()
const preparations = new Set<() => Promise<void>>()

/** Called for the value; `dispose()` closes all there are, for the end of a process. */
export interface FromSettings<T> {
  (): T
  dispose(): Promise<void>
}

/**
 * A value built from settings when it is first asked for, and again whenever one of the named settings has another
 * value. What was built before an override is kept for afterwards; what was built within it is disposed of at its end.
 * @param names the settings that the value depends on
 * @param dispose closes what the value holds open
 */
export function cachedFromSettings<T>(
  names: readonly string[],
  build: () => T,
  dispose?: (value: T) => Promise<void> | void,
): FromSettings<T> {
  const derived = new SettingsCache<T>(names, dispose)
  everything.add(derived as unknown as SettingsCache<never>)
  const get = (): T => (derived.find() ?? { value: derived.keep(build()) }).value
  return Object.assign(get, { dispose: () => derived.disposeAll() })
}

/**
 * As builtFrom, for a value that takes an import or another wait to build. It is built by `setup()`, by
 * `createApplication()` and at the beginning of an override; after that it can be had at once.
 */
export function loadedFromSettings<T>(
  names: readonly string[],
  prepare: () => Promise<T>,
  dispose?: (value: T) => Promise<void> | void,
): FromSettings<T> {
  const derived = new SettingsCache<T>(names, dispose)
  everything.add(derived as unknown as SettingsCache<never>)
  preparations.add(async () => {
    if (derived.find() === undefined) derived.keep(await prepare())
  })
  const get = (): T => {
    const entry = derived.find()
    if (entry !== undefined) return entry.value
    throw new ImproperlyConfigured(
      `What ${names.join(', ')} name${names.length === 1 ? 's' : ''} is not loaded yet.` +
        ' Call `await setup()` of #core/apps first, after the imports.',
    )
  }
  return Object.assign(get, { dispose: () => derived.disposeAll() })
}

/** Builds everything that `preparedFrom` knows of and the settings in force have not seen yet. */
export async function prepareSettings(): Promise<void> {
  for (const prepare of preparations) await prepare()
}

async function disposeStale(): Promise<void> {
  for (const derived of everything) await derived.disposeStale()
}

// Other settings for the length of a function: for tests.

/**
 * Runs `fn` with other settings, and puts the former ones back whatever happens. The settings are the process's, so
 * two overrides must not run side by side.
 * @throws ImproperlyConfigured when a value is wrong, as at start
 */
export async function overrideSettings<T>(overrides: Settings, fn: () => T | Promise<T>): Promise<T> {
  await loadSettings()
  for (const name of Object.keys(overrides)) {
    if (!isSettingName(name))
      throw new ImproperlyConfigured(`overrideSettings: '${name}' is not the name of a setting.`)
  }
  const values = completeSettings({ ...currentSettings(), ...overrides })
  pushSettings(values, Object.keys(overrides))
  try {
    await prepareSettings()
    return await fn()
  } finally {
    popSettings(values)
    await disposeStale()
  }
}
