/** Installed apps, and `setup()`, where every process that uses the framework begins. */
import { loadSettings, prepareSettings, projectRoot, settings } from '../conf/index.ts'
import { configureLogging } from './logging.ts'
import { Apps } from './registry.ts'
export { AppConfig, Apps, LookupError, type ModelName } from './registry.ts'

/** The apps of this process. */
export const apps = new Apps()

let running: Promise<void> | undefined

/**
 * Loads the settings and the installed apps, once; later calls wait for the first.
 * @param options.settings dotted name of the settings module; else NUAGES_SETTINGS_MODULE, else `settings`
 * @param options.root folder from which to look for it, upwards; else the current one
 * @throws ImproperlyConfigured when a setting or an app is wrong
 */
export function setup(options: { settings?: string | undefined; root?: string | undefined } = {}): Promise<void> {
  // What was imported since an earlier call may have something to prepare.
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
