/** Other settings for the length of a function: for tests. */
import { ImproperlyConfigured } from '../exceptions.ts'
import { disposeStale, prepareSettings } from './derived.ts'
import { completeSettings, isSettingName } from './loader.ts'
import type { Settings } from './schema.ts'
import { currentSettings, loadSettings, popSettings, pushSettings } from './settings.ts'

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
