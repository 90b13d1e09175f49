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

function schemeOf(variable: string, text: string, known: Record<string, string>): string {
  const scheme = /^([a-z0-9]+):/.exec(text)?.[1] ?? ''
  // The URL may hold a password, so no message repeats it.
  if (!Object.hasOwn(known, scheme)) {
    throw new ImproperlyConfigured(
      `${variable} should begin with one of ${joinWithAnd(Object.keys(known))}, then '://'.`,
    )
  }
  return scheme
}

function parsed(variable: string, text: string): URL {
  // Node's own error would carry the text along.
  if (!URL.canParse(text)) throw new ImproperlyConfigured(`${variable} is not a URL.`)
  return new URL(text)
}

/** @throws ImproperlyConfigured for a percent-escape that is not UTF-8 */
function decoded(variable: string, part: string): string {
  const text = unquoteUri(part)
  if (text !== undefined) return text
  throw new ImproperlyConfigured(
    `${variable} has a percent sign that does not begin an escape. Write a percent sign itself as %25.`,
  )
}

/** `postgres://user:password@host:port/name?option=value` as an entry of DATABASES. */
export function databaseFromUrl(text: string, variable = 'DATABASE_URL'): Record<string, unknown> {
  const scheme = schemeOf(variable, text, DATABASE_ENGINES)
  const url = parsed(variable, text)
  const ENGINE = DATABASE_ENGINES[scheme]
  const OPTIONS = Object.fromEntries(url.searchParams)
  if (scheme.startsWith('sqlite')) {
    // As in other tools: three slashes for a path from here, four for one from the root.
    const NAME = decoded(variable, url.pathname.replace(/^\//, '')) || ':memory:'
    return { ENGINE, NAME, OPTIONS }
  }
  return {
    ENGINE,
    NAME: decoded(variable, url.pathname.slice(1)),
    USER: decoded(variable, url.username),
    PASSWORD: decoded(variable, url.password),
    HOST: decoded(variable, url.hostname),
    PORT: url.port,
    OPTIONS,
  }
}

/** `redis://host:port/0`, `memcached://host:port`, `locmem://name`, `file:///folder`, … as an entry of CACHES. */
export function cacheFromUrl(text: string, variable = 'CACHE_URL'): Record<string, unknown> {
  const scheme = schemeOf(variable, text, CACHE_BACKENDS)
  const BACKEND = CACHE_BACKENDS[scheme]
  if (scheme === 'redis' || scheme === 'rediss') return { BACKEND, LOCATION: text }
  // Several servers stand behind one another, which a URL does not know.
  if (scheme === 'memcached') return { BACKEND, LOCATION: text.slice('memcached://'.length).split(',') }
  const url = parsed(variable, text)
  if (scheme === 'file') return { BACKEND, LOCATION: decoded(variable, url.pathname) }
  return { BACKEND, LOCATION: decoded(variable, url.host) }
}
