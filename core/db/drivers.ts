/** Finds the npm packages that engines stand on, at the moment a database is first used. */
import { createRequire } from 'node:module'
import type { knex, Knex } from 'knex'
import { type NamedBy, requirePackage, resolvePackage } from '#core/utils'
import type { BackendConfig, DatabaseLocation, DatabaseSettings, Dialect } from './backend.ts'

const ours = createRequire(import.meta.url)

/** knex itself, loaded late: it takes longer to load than all that a command without a database needs. */
export const loadKnex = (): typeof knex => (ours('knex') as { knex: typeof knex }).knex

/** The client class that knex has for a driver. */
export const knexDialect = (name: 'better-sqlite3' | 'postgres' | 'mysql2'): Dialect =>
  ours(`knex/lib/dialects/${name}`) as Dialect

const namedBy = ({ alias, root }: DatabaseLocation): NamedBy => ({ setting: `DATABASES['${alias}']`, root })

/** The file of a driver. @throws ImproperlyConfigured if it is not installed, with the command that installs it */
export const driverFile = (name: string, place: DatabaseLocation): string => resolvePackage(name, namedBy(place))

/** A driver. @throws ImproperlyConfigured if it is not installed, with the command that installs it */
export const requireDriver = (name: string, place: DatabaseLocation): unknown => requirePackage(name, namedBy(place))

// How many connections to a database server are kept, and for how long: OPTIONS.pool and CONN_MAX_AGE.

/** OPTIONS.pool with the names that Django gives them. */
interface PoolOptions {
  readonly min_size?: number
  readonly max_size?: number
  /** Seconds that a query waits for a connection. */
  readonly timeout?: number
}

const MAX_SIZE = 10
const TIMEOUT = 10

/** CONN_MAX_AGE in seconds: null keeps a connection for good, 0 closes it as soon as nobody wants it. */
function lifetime(age: number | null | undefined): Knex.PoolConfig {
  if (age === undefined || age === null) return {}
  return age === 0 ? { idleTimeoutMillis: 1 } : { maxConnectionLifetimeMillis: age * 1000 }
}

/** What pg's and mysql2's connections have in common. */
interface Connection {
  query(sql: string, done: (error: Error | null) => void): void
}

type Done = (error: Error | null) => void

function runAll(connection: Connection, [first, ...rest]: readonly string[], done: Done): void {
  if (first === undefined) return done(null)
  connection.query(first, (error) => (error ? done(error) : runAll(connection, rest, done)))
}

/** @param firstStatements what each new connection runs first */
export function poolOf(
  entry: DatabaseSettings,
  firstStatements: () => readonly string[],
): Pick<BackendConfig, 'pool' | 'acquireConnectionTimeout'> {
  const given = entry.OPTIONS?.pool
  const options: PoolOptions = typeof given === 'object' && given !== null ? given : {}
  const { min_size = 0, max_size = MAX_SIZE, timeout = TIMEOUT } = options
  const afterCreate = (connection: Connection, done: Done): void => runAll(connection, firstStatements(), done)
  return {
    pool: { min: min_size, max: max_size, afterCreate, ...lifetime(entry.CONN_MAX_AGE) },
    acquireConnectionTimeout: timeout * 1000,
  }
}

/** The OPTIONS that are for the driver: all but those that the engine's module reads itself. */
export const driverOptions = (options: object, read: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !read.includes(name)))
