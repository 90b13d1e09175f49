/** Loads a settings module, and completes it with the environment and the defaults. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ImproperlyConfigured } from '../exceptions.ts'
import { closestMatch, didYouMean, isDottedName, moduleFile } from '#core/utils'
import { cacheFromUrl, databaseFromUrl, settingsFromEnvironment } from './environment.ts'
import { isPlainObject } from './formats.ts'
import { type LoadedSettings, schema, type SettingDefinition } from './schema.ts'
import { invalidValues, type NamedFormat } from './validation.ts'

export const SETTINGS_MODULE = 'NUAGES_SETTINGS_MODULE'

/** Whether a name is in UPPER_CASE, as those of all settings are. */
export const isSettingName = (name: string): boolean => /^[A-Z][A-Z0-9_]*$/.test(name)

/** The directory of the settings module: `start`, or the nearest of its parents that has the module. */
function projectRoot(module: string, start: string): string | undefined {
  for (let directory = path.resolve(start); ; directory = path.dirname(directory)) {
    if (moduleFile(module, directory) !== undefined) return directory
    if (directory === path.dirname(directory)) return undefined
  }
}

/** The settings that a module exports: those of its default object, and its named UPPER_CASE exports, which win. */
function exported(module: Record<string, unknown>, name: string): Record<string, unknown> {
  const { default: object, ...named } = module
  if (object !== undefined && !isPlainObject(object)) {
    throw new ImproperlyConfigured(`${name}: its default export should be an object of settings.`)
  }
  return Object.fromEntries(Object.entries({ ...object, ...named }).filter(([key]) => isSettingName(key)))
}

export interface FoundSettings {
  /** The dotted name of the module, as it is printed in "using settings '…'". */
  readonly module: string
  /** The directory that dotted names are relative to. */
  readonly root: string
  readonly values: Record<string, unknown>
}

/**
 * Finds and imports the settings module.
 * @param start the directory to look in, and then in its parents
 * @throws ImproperlyConfigured if it is not found
 */
export async function readSettingsModule(module: string, start: string): Promise<FoundSettings> {
  if (!isDottedName(module)) {
    throw new ImproperlyConfigured(`The settings module is '${module}', which is not a dotted name such as 'settings'.`)
  }
  const root = projectRoot(module, start)
  if (root === undefined) {
    throw new ImproperlyConfigured(
      `There is no settings module '${module}': no ${module.replaceAll('.', '/')}.ts in ${path.resolve(start)} or above it.` +
        ` ${SETTINGS_MODULE} or --settings names another.`,
    )
  }
  const file = moduleFile(module, root) as string
  const values = exported((await import(pathToFileURL(file).href)) as Record<string, unknown>, module)
  return { module, root, values }
}

const known = Object.keys(schema)

const formats: ReadonlyMap<string, NamedFormat> = new Map(
  Object.entries<SettingDefinition<unknown>>(schema).map(([name, { format, secret }]) => [
    name,
    { format, isSecret: secret === true },
  ]),
)

const defaults: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(schema).map(([name, { default: value }]) => [name, value]),
)

/** Unknown settings whose names are too close to a known one to be the project's own. */
function misspelled(names: Iterable<string>): string[] {
  return [...names]
    .filter((name) => !Object.hasOwn(schema, name) && closestMatch(name, known) !== undefined)
    .map((name) => `${name}: there is no such setting.${didYouMean(name, known)}`)
}

/**
 * All settings, validated and frozen: the given values, and the defaults for the rest.
 * @param reported problems that are known already, a line each, by setting
 * @throws ImproperlyConfigured with a line for each problem
 */
export function completeSettings(
  given: Readonly<Record<string, unknown>>,
  reported: ReadonlyMap<string, string> = new Map(),
): LoadedSettings {
  const values = { ...defaults, ...given }
  const unreported = Object.fromEntries(Object.entries(values).filter(([name]) => !reported.has(name)))
  const problems = [...reported.values(), ...misspelled(Object.keys(given)), ...invalidValues(formats, unreported)]
  if (problems.length > 0) {
    const count = problems.length === 1 ? 'A setting is' : `${problems.length} settings are`
    throw new ImproperlyConfigured(`${count} wrong:\n${problems.map((line) => `  ${line}`).join('\n')}`)
  }
  return deepFreeze(values) as LoadedSettings
}

/** The settings of a module and of the environment. A variable wins; a URL is used if the module does not give the setting. */
export function withEnvironment(values: Record<string, unknown>, env: NodeJS.ProcessEnv): LoadedSettings {
  const fromEnv = settingsFromEnvironment(env)
  const all = { ...values, ...fromEnv.values }
  if (env.DATABASE_URL && !('DATABASES' in all)) all.DATABASES = { default: databaseFromUrl(env.DATABASE_URL) }
  if (env.CACHE_URL && !('CACHES' in all)) all.CACHES = { default: cacheFromUrl(env.CACHE_URL) }
  return completeSettings(all, fromEnv.problems)
}

// Settings are frozen. A driver gets a copy of its options, because many drivers change the options that they get.

/** Freezes plain objects and lists, and those inside them. Instances of classes, and functions, are not frozen. */
function deepFreeze<T>(value: T): T {
  if (Array.isArray(value) || isPlainObject(value)) {
    if (Object.isFrozen(value)) return value
    // Frozen before what is inside it, so that a value that contains itself does not recurse forever.
    Object.freeze(value)
    for (const entry of Object.values(value)) deepFreeze(entry)
  }
  return value
}

/**
 * A copy that can be changed: of plain objects and lists, and of those inside them. Instances of classes, such as a Buffer,
 * and functions are the same in the copy.
 */
export function mutableCopy<T>(value: T): T {
  return copyOf(value, new Map()) as T
}

function copyOf(value: unknown, copies: Map<unknown, unknown>): unknown {
  if (!Array.isArray(value) && !isPlainObject(value)) return value
  // An object that is in two places, or contains itself, is copied once.
  const known = copies.get(value)
  if (known !== undefined) return known
  const copy = (Array.isArray(value) ? [] : {}) as Record<string, unknown>
  copies.set(value, copy)
  for (const [name, each] of Object.entries(value)) copy[name] = copyOf(each, copies)
  return copy
}
