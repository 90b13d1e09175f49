/** Values that are built from settings: cached while the settings are the same, and built again when they differ. */
import { ImproperlyConfigured } from '../exceptions.ts'
import {
  currentSettings,
  livingSettings,
  loadSettings,
  popSettings,
  pushSettings,
  settingNamed,
  settingsKey,
} from './settings.ts'
import { completeSettings, isSettingName } from './loader.ts'
import { isRecordingReads, noteReadsOf, type RecordedReads, recordAsync, recordSync } from './recorded_reads.ts'
import type { LoadedSettings, SettingName, Settings } from './schema.ts'

type Dispose<T> = (value: T) => Promise<void> | void

interface Entry<T> {
  readonly value: T
  readonly reads: RecordedReads
}

/** The values of one build function: one for each set of values that the settings it reads have had. */
class SettingsCache<T> {
  readonly #dispose: Dispose<T> | undefined
  #entries: Entry<T>[] = []
  #last: { readonly key: object; readonly value: T } | undefined
  /** Builds that are running, by the settings that they began with. */
  readonly #loading = new Map<LoadedSettings, Promise<void>>()

  constructor(dispose?: Dispose<T>) {
    this.#dispose = dispose
  }

  /** The value for the settings in force; undefined if it is not built. */
  find(): { readonly value: T } | undefined {
    // One comparison in the usual case: the settings are the object that they were at the last call.
    if (this.#last?.key === settingsKey()) return this.#last
    const settings = currentSettings()
    const entry = this.#entries.find(({ reads }) => reads.fit(settings))
    if (entry === undefined) return undefined
    // A value that is built from this one depends on the same settings.
    noteReadsOf(entry.reads)
    if (settingsKey() === settings) this.#last = { key: settings, value: entry.value }
    return entry
  }

  build(build: () => T): T {
    const { reads, value } = recordSync(build)
    this.#entries.push({ reads, value })
    return value
  }

  /** Builds the value for the settings in force, unless it is built. Concurrent calls share one build. */
  async load(build: () => Promise<T>): Promise<void> {
    // Repeated where other settings came into force during the build.
    while (this.find() === undefined) {
      const settings = currentSettings()
      let loading = this.#loading.get(settings)
      if (loading === undefined) {
        loading = this.#buildAsync(build).finally(() => this.#loading.delete(settings))
        this.#loading.set(settings, loading)
      }
      await loading
    }
  }

  async #buildAsync(build: () => Promise<T>): Promise<void> {
    const { reads, value } = await recordAsync(build)
    this.#entries.push({ reads, value })
  }

  /** Disposes of the values for settings that are not in force and will not be again. */
  disposeStale(): Promise<void> {
    return this.#disposeUnless(({ reads }) => livingSettings().some((settings) => reads.fit(settings)))
  }

  disposeAll(): Promise<void> {
    return this.#disposeUnless(() => false)
  }

  async #disposeUnless(isNeeded: (entry: Entry<T>) => boolean): Promise<void> {
    const stale = this.#entries.filter((entry) => !isNeeded(entry))
    this.#entries = this.#entries.filter((entry) => isNeeded(entry))
    this.#last = undefined
    for (const { value } of stale) await this.#dispose?.(value)
  }
}

const caches = new Set<SettingsCache<never>>()
const loaders = new Set<() => Promise<void>>()

function register<T>(cache: SettingsCache<T>): SettingsCache<T> {
  caches.add(cache as unknown as SettingsCache<never>)
  return cache
}

/** Call it for the value. */
export interface FromSettings<T> {
  (): T
  /** Disposes of all values, at the end of a process. A later call builds the value again. */
  dispose(): Promise<void>
}

/**
 * A value that is built from settings when it is first needed, and again when one of the settings that the build has
 * read has another value. Settings that are read later, by what was built, are not recorded. A value from before an
 * override is kept until after it, and one that was built during an override is disposed of at its end.
 * @param dispose closes what the value holds open
 *
 * @example
 * const origins = cachedFromSettings(() => settings.CSRF_TRUSTED_ORIGINS.map(parseOrigin))
 * origins().some((origin) => …)
 */
export function cachedFromSettings<T>(build: () => T, dispose?: Dispose<T>): FromSettings<T> {
  const cache = register(new SettingsCache<T>(dispose))
  const get = (): T => (cache.find() ?? { value: cache.build(build) }).value
  return Object.assign(get, { dispose: () => cache.disposeAll() })
}

/** Call it for the value of a key. */
export interface FromSettingsByKey<T> {
  (key: string): T
  /** Disposes of all values, at the end of a process. */
  dispose(): Promise<void>
}

/** As `cachedFromSettings`, for values by a key, such as the alias of a cache. Each depends on what its own build reads. */
export function cachedByKey<T>(build: (key: string) => T, dispose?: Dispose<T>): FromSettingsByKey<T> {
  const byKey = new Map<string, SettingsCache<T>>()
  const get = (key: string): T => {
    const known = byKey.get(key)
    const found = known?.find()
    if (found !== undefined) return found.value
    const cache = known ?? new SettingsCache<T>(dispose)
    const value = cache.build(() => build(key))
    // Not before: a key that does not exist, such as a misspelled alias, is not kept.
    if (known === undefined) byKey.set(key, register(cache))
    return value
  }
  const disposeAll = async (): Promise<void> => {
    for (const cache of byKey.values()) await cache.disposeAll()
  }
  return Object.assign(get, { dispose: disposeAll })
}

/**
 * As `cachedFromSettings`, for a value whose build is asynchronous, such as an import. It is built by `setup()`, by
 * `createApplication()` and at the beginning of an override; after that it is available synchronously.
 * @param setting the setting that names what is loaded, for the error of a call that comes too early
 */
export function loadedFromSettings<T>(
  setting: SettingName,
  build: () => Promise<T>,
  dispose?: Dispose<T>,
): FromSettings<T> {
  const cache = register(new SettingsCache<T>(dispose))
  loaders.add(() => cache.load(build))
  const get = (): T => {
    const found = cache.find()
    if (found !== undefined) return found.value
    throw new ImproperlyConfigured(
      `What ${setting} names is not loaded yet. Call \`await setup()\` of #core/apps first, after the imports.`,
    )
  }
  return Object.assign(get, { dispose: () => cache.disposeAll() })
}

/**
 * Builds all values of `loadedFromSettings` that are not built for the settings in force.
 * @throws ImproperlyConfigured with the problems of all of them, a line each
 */
export async function prepareSettings(): Promise<void> {
  const problems: ImproperlyConfigured[] = []
  for (const load of loaders) {
    try {
      await load()
    } catch (error) {
      if (!(error instanceof ImproperlyConfigured)) throw error
      problems.push(error)
    }
  }
  const [first, ...others] = problems
  if (first === undefined) return
  if (others.length === 0) throw first
  throw new ImproperlyConfigured(problems.map(({ message }) => message).join('\n'), { cause: first })
}

/**
 * Makes the value that is being built depend on a setting that it does not read: for state that was filled from the
 * setting before, such as the registry of installed apps.
 */
export function dependOnSetting(name: SettingName): void {
  if (isRecordingReads()) settingNamed(name)
}

async function disposeStale(): Promise<void> {
  for (const cache of caches) await cache.disposeStale()
}

/**
 * Runs `fn` with other settings, for tests. The former settings are back when it has ended, however it ends. Settings
 * belong to the process, so two overrides must not run concurrently.
 * @throws ImproperlyConfigured when a value is invalid, with a line for each problem
 *
 * @example
 * await overrideSettings({ SESSION_COOKIE_AGE: 60 }, async () => { … })
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
