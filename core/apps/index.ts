/** Installed apps, and `setup()`, which every process that uses the framework calls first. */
import { loadSettings, prepareSettings, projectRoot, settings } from '../conf/index.ts'
import { configureLogging } from './logging.ts'
import { Apps } from './registry.ts'
export { AppConfig, Apps, LookupError, type ModelName } from './registry.ts'

/** The apps of this process. */
export const apps = new Apps()

let running: Promise<void> | undefined

/**
 * Loads the settings and the installed apps. Concurrent calls share one load, and later calls only load what modules
 * that were imported since then need from the settings.
 * @param options.settings dotted name of the settings module; by default NUAGES_SETTINGS_MODULE, or else `settings`
 * @param options.root directory to look for it in, and then in its parents; by default the current one
 * @throws ImproperlyConfigured if a setting or an app is invalid, with a line for each problem
 */
export function setup(options: { settings?: string | undefined; root?: string | undefined } = {}): Promise<void> {
  if (apps.ready) return prepareSettings()
  running ??= (async () => {
    await loadSettings(options)
    configureLogging(settings.LOGGING)
    await apps.populate(settings.INSTALLED_APPS, projectRoot())
    await prepareSettings()
  })().catch((error: unknown) => {
    running = undefined
    throw error
  })
  return running
}
