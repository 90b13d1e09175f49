/** Loads knex and the drivers of the engines when a database is first used. */
import { createRequire } from 'node:module'
import type { knex, Knex } from 'knex'
import { type NamedBy, requirePackage, resolvePackage } from '#core/utils'
import type { BackendConfig, DatabaseLocation, DatabaseSettings, Dialect } from './backend.ts'

const requireFrom = createRequire(import.meta.url)

/** Loads knex, which takes longer than everything else that a command without a database loads. */
export const loadKnex = (): typeof knex => (requireFrom('knex') as { knex: typeof knex }).knex

/** The client class of knex for a driver. */
export const knexDialect = (name: 'better-sqlite3' | 'postgres' | 'mysql2'): Dialect =>
  requireFrom(`knex/lib/dialects/${name}`) as Dialect

const namedBy = ({ alias, root }: DatabaseLocation): NamedBy => ({ setting: `DATABASES['${alias}']`, root })

/** The file of a driver. @throws ImproperlyConfigured if it is not installed, with the command that installs it */
export const driverFile = (name: string, place: DatabaseLocation): string => resolvePackage(name, namedBy(place))

/** A driver. @throws ImproperlyConfigured if it is not installed, with the command that installs it */
export const requireDriver = (name: string, place: DatabaseLocation): unknown => requirePackage(name, namedBy(place))

// The number of connections to a database server and their lifetime: OPTIONS.pool and CONN_MAX_AGE.

/** OPTIONS.pool, with Django's names. */
interface PoolOptions {
  readonly min_size?: number
  readonly max_size?: number
  /** How long a query waits for a connection, in seconds. */
  readonly timeout?: number
}

/** OPTIONS.response_timeout, in seconds. */
interface ResponseOptions {
  readonly response_timeout?: number | null
}

const MAX_SIZE = 10
const TIMEOUT = 10

/** @param age CONN_MAX_AGE, in seconds: null for no limit, 0 to close a connection as soon as it is idle */
function lifetime(age: number | null | undefined): Knex.PoolConfig {
  if (age === undefined || age === null) return {}
  return age === 0 ? { idleTimeoutMillis: 1 } : { maxConnectionLifetimeMillis: age * 1000 }
}

/** A connection of pg or mysql2. */
interface Connection {
  query(sql: string, done: (error: Error | null) => void): void
}

type Done = (error: Error | null) => void

function runAll(connection: Connection, [first, ...rest]: readonly string[], done: Done): void {
  if (first === undefined) return done(null)
  connection.query(first, (error) => (error ? done(error) : runAll(connection, rest, done)))
}

/** @param firstStatements statements that each new connection runs first */
export function poolOf(
  entry: DatabaseSettings,
  firstStatements: () => readonly string[],
): Pick<BackendConfig, 'pool' | 'acquireConnectionTimeout' | 'responseTimeout'> {
  const given = entry.OPTIONS?.pool
  const options: PoolOptions = typeof given === 'object' && given !== null ? given : {}
  const { min_size = 0, max_size = MAX_SIZE, timeout = TIMEOUT } = options
  const { response_timeout }: ResponseOptions = entry.OPTIONS ?? {}
  const afterCreate = (connection: Connection, done: Done): void => runAll(connection, firstStatements(), done)
  return {
    pool: { min: min_size, max: max_size, afterCreate, ...lifetime(entry.CONN_MAX_AGE) },
    acquireConnectionTimeout: timeout * 1000,
    ...(response_timeout && { responseTimeout: response_timeout * 1000 }),
  }
}

/** The OPTIONS for the driver: all that the engine does not read itself. */
export const driverOptions = (options: object, read: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !read.includes(name)))
