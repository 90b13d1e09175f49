/** Installed apps, the levels of LOGGING, and `setup()`, which every process that uses the framework calls first. */
import { type LogLevel, setLogLevel } from '#core/utils'
import { formatSetting, loadSettings, prepareSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
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

const LEVELS: Record<string, LogLevel> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warning',
  ERROR: 'error',
  CRITICAL: 'error',
}

function apply(entry: unknown, where: string, name?: string): void {
  const level = (entry as { level?: string } | undefined)?.level
  if (level === undefined) return
  const known = LEVELS[level]
  if (known === undefined) {
    throw new ImproperlyConfigured(
      `${where}.level should be one of ${Object.keys(LEVELS).join(', ')}, found ${formatSetting(level)}.`,
    )
  }
  setLogLevel(known, name)
}

/**
 * Sets the levels of `LOGGING.root.level` and `LOGGING.loggers[name].level`.
 * @throws ImproperlyConfigured for an unknown level
 */
export function configureLogging(logging: Readonly<Record<string, unknown>>): void {
  apply(logging.root, 'LOGGING.root')
  for (const [name, entry] of Object.entries((logging.loggers ?? {}) as Record<string, unknown>)) {
    apply(entry, `LOGGING.loggers['${name}']`, name)
  }
}
