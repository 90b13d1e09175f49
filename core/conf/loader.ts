/** From a settings module to one frozen, complete and checked set of values. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import convict from 'convict'
import { ImproperlyConfigured } from '../exceptions.ts'
import { closestMatch, didYouMean, isDottedName, moduleFile } from '#core/utils'
import { cacheFromUrl, databaseFromUrl, settingsFromEnvironment } from './environment.ts'
import { isPlainObject, problemWith } from './formats.ts'
import { type LoadedSettings, schema, type SettingDefinition } from './schema.ts'

export const SETTINGS_MODULE = 'NUAGES_SETTINGS_MODULE'

/** A setting of Django's or ours: UPPER_CASE. */
export const isSettingName = (name: string): boolean => /^[A-Z][A-Z0-9_]*$/.test(name)

/** The nearest folder, from `start` upwards, that holds the settings module. */
function projectRoot(module: string, start: string): string | undefined {
  for (let folder = path.resolve(start); ; folder = path.dirname(folder)) {
    if (moduleFile(module, folder) !== undefined) return folder
    if (folder === path.dirname(folder)) return undefined
  }
}

/** What a settings module exports: its default object, and its named UPPER_CASE exports over that. */
function exported(module: Record<string, unknown>, name: string): Record<string, unknown> {
  const { default: object, ...named } = module
  if (object !== undefined && !isPlainObject(object)) {
    throw new ImproperlyConfigured(`${name}: its default export should be an object of settings.`)
  }
  return Object.fromEntries(Object.entries({ ...object, ...named }).filter(([key]) => isSettingName(key)))
}

export interface FoundSettings {
  /** The module's dotted name, as Django prints it in "using settings '…'". */
  readonly module: string
  /** The folder from which dotted names are looked up. */
  readonly root: string
  readonly values: Record<string, unknown>
}

/** Finds and imports the settings module. */
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

/** Freezes plain objects and lists all the way down; instances, functions and regular expressions stay as they are. */
function deepFreeze<T>(value: T): T {
  if (Array.isArray(value) || isPlainObject(value)) {
    if (Object.isFrozen(value)) return value
    // Frozen first, so that a value that contains itself comes to an end.
    Object.freeze(value)
    for (const entry of Object.values(value)) deepFreeze(entry)
  }
  return value
}

/**
 * The schema as convict wants it. Each value travels in a function: convict would walk into an object, merge it with
 * the default and stumble over names with a dot in them. `sensitive` keeps it from repeating values in its messages,
 * because ours say what was found, and hide what may be secret.
 */
function convictSchema(): convict.Schema<Record<string, () => unknown>> {
  const entries = Object.entries<SettingDefinition<unknown>>(schema)
  return Object.fromEntries(
    entries.map(([name, { doc, format, secret }]) => [
      name,
      {
        doc,
        // Convict clones defaults, which would lose a function: completeSettings() sets every value itself.
        default: null as unknown as () => unknown,
        sensitive: true,
        format: (given: () => unknown) => {
          const problem = problemWith(format, given(), secret)
          if (problem !== undefined) throw new Error(problem)
        },
      },
    ]),
  )
}

const known = Object.keys(schema)

/** Settings that are neither ours nor plausibly the project's own. */
function misspelled(names: Iterable<string>): string[] {
  return [...names]
    .filter((name) => !Object.hasOwn(schema, name) && closestMatch(name, known) !== undefined)
    .map((name) => `${name}: there is no such setting.${didYouMean(name, known)}`)
}

/**
 * All settings: given values over the schema's defaults, checked and frozen.
 * @throws ImproperlyConfigured that lists every problem, a line each
 */
export function completeSettings(given: Readonly<Record<string, unknown>>, found: string[] = []): LoadedSettings {
  const config = convict(convictSchema())
  for (const [name, { default: value }] of Object.entries(schema)) {
    config.set(name, () => (Object.hasOwn(given, name) ? given[name] : value))
  }
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => !Object.hasOwn(schema, name)))
  const problems = [...found, ...misspelled(Object.keys(own))]
  try {
    config.validate({ allowed: 'strict' })
  } catch (error) {
    problems.push(...(error as Error).message.split('\n'))
  }
  if (problems.length > 0) {
    const count = problems.length === 1 ? 'A setting is' : `${problems.length} settings are`
    throw new ImproperlyConfigured(`${count} wrong:\n${problems.map((line) => `  ${line}`).join('\n')}`)
  }
  const values = Object.entries(config.getProperties()).map(([name, value]) => [name, value()])
  return deepFreeze({ ...Object.fromEntries(values), ...own }) as LoadedSettings
}

/** The module's values with what the environment says: variables of single settings win, URLs fill what is absent. */
export function withEnvironment(values: Record<string, unknown>, env: NodeJS.ProcessEnv): LoadedSettings {
  const fromEnv = settingsFromEnvironment(env)
  const filled = { ...values, ...fromEnv.values }
  if (env.DATABASE_URL && !('DATABASES' in filled)) filled.DATABASES = { default: databaseFromUrl(env.DATABASE_URL) }
  if (env.CACHE_URL && !('CACHES' in filled)) filled.CACHES = { default: cacheFromUrl(env.CACHE_URL) }
  return completeSettings(filled, fromEnv.problems)
}
