/** Applies the part of Django's LOGGING that is supported: levels by logger name. */
import { formatSetting } from '../conf/index.ts'
import { ImproperlyConfigured } from '../exceptions.ts'
import { type LogLevel, setLogLevel } from '#core/utils'

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
