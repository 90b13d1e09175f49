/** Settings from the environment: `NUAGES_<SETTING>`, DATABASE_URL and CACHE_URL. */
import { ImproperlyConfigured } from '../exceptions.ts'
import { unquoteUri } from '#core/web'
import { FAST_PATHS_VARIABLE, fastPathsProblem, joinWithAnd } from '#core/utils'
import { schema, type SettingDefinition } from './schema.ts'
import { type NamedFormat, readVariables } from './validation.ts'

const PREFIX = 'NUAGES_'

const settingOf = (variable: string): string => variable.slice(PREFIX.length)

/**
 * The settings that variables named NUAGES_<SETTING> give, with a line for each variable that is invalid, by setting.
 * Variables that are named after no setting are ignored.
 */
export function settingsFromEnvironment(env: NodeJS.ProcessEnv): {
  values: Record<string, unknown>
  problems: Map<string, string>
} {
  const variables = new Map<string, NamedFormat>()
  const problems = new Map<string, string>()
  // Not a setting: modules read it before the settings are loaded. A wrong value is reported with those of the settings.
  const fastPaths = fastPathsProblem(env[FAST_PATHS_VARIABLE])
  if (fastPaths !== undefined) problems.set(FAST_PATHS_VARIABLE, `${FAST_PATHS_VARIABLE}: ${fastPaths}`)
  for (const variable of Object.keys(env)) {
    const name = settingOf(variable)
    if (!variable.startsWith(PREFIX) || !Object.hasOwn(schema, name)) continue
    const { format, secret }: SettingDefinition<unknown> = schema[name as keyof typeof schema]
    if (format.parse !== undefined) variables.set(variable, { format, isSecret: secret === true })
    else problems.set(name, `${variable}: ${name} cannot be set by an environment variable`)
  }
  const read = readVariables(variables, env)
  for (const line of read.problems) problems.set(settingOf(line.slice(0, line.indexOf(':'))), line)
  return {
    values: Object.fromEntries([...read.values].map(([variable, value]) => [settingOf(variable), value])),
    problems,
  }
}

const DATABASE_ENGINES: Record<string, string> = {
  sqlite: 'core.db.backends.sqlite3',
  sqlite3: 'core.db.backends.sqlite3',
  postgres: 'core.db.backends.postgresql',
  postgresql: 'core.db.backends.postgresql',
  mysql: 'core.db.backends.mysql',
  mariadb: 'core.db.backends.mysql',
}

const CACHE_BACKENDS: Record<string, string> = {
  locmem: 'core.cache.backends.locmem.LocMemCache',
  redis: 'core.cache.backends.redis.RedisCache',
  rediss: 'core.cache.backends.redis.RedisCache',
  memcached: 'core.cache.backends.memcached.PyMemcacheCache',
  db: 'core.cache.backends.db.DatabaseCache',
  file: 'core.cache.backends.filebased.FileBasedCache',
  dummy: 'core.cache.backends.dummy.DummyCache',
}

function schemeOf(variable: string, url: string, known: Record<string, string>): string {
  const scheme = /^([a-z0-9]+):/.exec(url)?.[1] ?? ''
  // The URL may contain a password, so that no message shows it.
  if (!Object.hasOwn(known, scheme)) {
    throw new ImproperlyConfigured(
      `${variable} should start with one of ${joinWithAnd(Object.keys(known))}, followed by '://'.`,
    )
  }
  return scheme
}

function parseUrl(variable: string, url: string): URL {
  // The error that Node throws has the URL as a property.
  if (!URL.canParse(url)) throw new ImproperlyConfigured(`${variable} is not a URL.`)
  return new URL(url)
}

/** @throws ImproperlyConfigured for a percent escape that is not UTF-8 */
function decode(variable: string, part: string): string {
  const decoded = unquoteUri(part)
  if (decoded !== undefined) return decoded
  throw new ImproperlyConfigured(
    `${variable} has a percent sign that does not begin an escape. Write a percent sign itself as %25.`,
  )
}

/** The value of an option: true, false, null, an object as JSON, a number where the name says so, or else a string. */
function optionValue(variable: string, name: string, text: string): unknown {
  if (/(?:timeout|threshold)$/.test(name) && /^\d+(?:\.\d+)?$/.test(text)) return Number(text)
  if (!/^(?:true|false|null)$|^\{/.test(text)) return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new ImproperlyConfigured(`${variable} has an option ${name} that begins with '{', but is not JSON.`)
  }
}

/**
 * An entry of DATABASES from a URL: `postgres://user:password@host:port/name?option=value`.
 * @param variable the environment variable, for errors
 * @throws ImproperlyConfigured for a URL that is invalid, or of an unknown engine
 */
export function databaseFromUrl(given: string, variable = 'DATABASE_URL'): Record<string, unknown> {
  const scheme = schemeOf(variable, given, DATABASE_ENGINES)
  const url = parseUrl(variable, given)
  const ENGINE = DATABASE_ENGINES[scheme]
  const OPTIONS = Object.fromEntries(
    Array.from(url.searchParams, ([name, text]) => [name, optionValue(variable, name, text)]),
  )
  if (scheme.startsWith('sqlite')) {
    // As in other tools, three slashes for a relative path and four for an absolute one.
    const NAME = decode(variable, url.pathname.replace(/^\//, '')) || ':memory:'
    return { ENGINE, NAME, OPTIONS }
  }
  return {
    ENGINE,
    NAME: decode(variable, url.pathname.slice(1)),
    USER: decode(variable, url.username),
    PASSWORD: decode(variable, url.password),
    // An IPv6 address is in brackets, which are not part of the address.
    HOST: decode(variable, url.hostname.replace(/^\[(.*)\]$/, '$1')),
    PORT: url.port,
    OPTIONS,
  }
}

/**
 * An entry of CACHES from a URL: `redis://host:port/0`, `memcached://host:port`, `locmem://name`, `file:///directory`, …
 * @param variable the environment variable, for errors
 * @throws ImproperlyConfigured for a URL that is invalid, or of an unknown backend
 */
export function cacheFromUrl(given: string, variable = 'CACHE_URL'): Record<string, unknown> {
  const scheme = schemeOf(variable, given, CACHE_BACKENDS)
  const BACKEND = CACHE_BACKENDS[scheme]
  if (scheme === 'redis' || scheme === 'rediss') return { BACKEND, LOCATION: given }
  // Several servers are separated by commas, which URL does not parse.
  if (scheme === 'memcached') return { BACKEND, LOCATION: given.slice('memcached://'.length).split(',') }
  const url = parseUrl(variable, given)
  if (scheme === 'file') return { BACKEND, LOCATION: decode(variable, url.pathname) }
  return { BACKEND, LOCATION: decode(variable, url.host) }
}
