/** Settings that come from the environment: `NUAGES_<SETTING>`, DATABASE_URL and CACHE_URL. */
import { ImproperlyConfigured } from '../exceptions.ts'
import { unquoteUri } from '#core/web'
import { joinWithAnd } from '#core/utils'
import type { Format } from './formats.ts'
import { schema, type SettingName } from './schema.ts'

type Environment = Readonly<Record<string, string | undefined>>

const PREFIX = 'NUAGES_'

/** Scalar settings given as NUAGES_<SETTING>, and what is wrong with those that cannot be read. */
export function settingsFromEnvironment(env: Environment): { values: Record<string, unknown>; problems: string[] } {
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [variable, given] of Object.entries(env)) {
    const name = variable.slice(PREFIX.length)
    if (!variable.startsWith(PREFIX) || given === undefined || !Object.hasOwn(schema, name)) continue
    const { format, ...rest } = schema[name as SettingName]
    const { expected, ...reader }: Format<unknown> = format
    const value = reader.fromText?.(given)
    if (value === undefined) {
      const found = 'secret' in rest ? 'something else' : `'${given}'`
      const wanted = reader.fromText
        ? `expected ${expected}, found ${found}`
        : `${name} cannot be set by an environment variable`
      problems.push(`${variable}: ${wanted}`)
    } else values[name] = value
  }
  return { values, problems }
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
