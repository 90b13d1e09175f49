/** The path under which the whole site lies, put in front of every reversed URL. */
import { settings, settingsAreLoaded } from '#core/conf'

let explicit: string | undefined

const withSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix : `${prefix}/`)

/** Sets the prefix for the process, in the place of FORCE_SCRIPT_NAME. */
export function setScriptPrefix(prefix: string): void {
  explicit = withSlash(prefix)
}

/** Takes back what `setScriptPrefix` set. */
export function clearScriptPrefix(): void {
  explicit = undefined
}

/** The prefix, always with a slash at its end: what was set, else FORCE_SCRIPT_NAME, else `/`. */
export function getScriptPrefix(): string {
  return explicit ?? withSlash((settingsAreLoaded() ? settings.FORCE_SCRIPT_NAME : null) ?? '/')
}
