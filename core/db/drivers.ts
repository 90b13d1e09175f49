/** Finds the npm packages that engines stand on, at the moment a database is first used. */
import { createRequire } from 'node:module'
import path from 'node:path'
import type { knex, Knex } from 'knex'
import { ImproperlyConfigured } from '#core/exceptions'
import type { BackendConfig, DatabaseLocation, DatabaseSettings, Dialect } from './backend.ts'

const ours = createRequire(import.meta.url)

/** knex itself, loaded late: it takes longer to load than all that a command without a database needs. */
export const loadKnex = (): typeof knex => (ours('knex') as { knex: typeof knex }).knex

/** The client class that knex has for a driver. */
export const knexDialect = (name: 'better-sqlite3' | 'postgres' | 'mysql2'): Dialect =>
  ours(`knex/lib/dialects/${name}`) as Dialect

function fileFrom(folder: string, name: string): string | undefined {
  try {
    return createRequire(path.join(folder, 'package.json')).resolve(name)
  } catch {
    return undefined
  }
}

/**
 * The file of the driver as the project has it, else as the framework has it.
 * @throws ImproperlyConfigured that says what to install
 */
export function driverFile(name: string, { alias, root }: DatabaseLocation): string {
  const file = fileFrom(root, name) ?? fileFrom(import.meta.dirname, name)
  if (file !== undefined) return file
  throw new ImproperlyConfigured(
    `DATABASES['${alias}'] needs the npm package '${name}', which is not installed. Run: npm install ${name}`,
  )
}

/** The driver itself. @throws ImproperlyConfigured that says what to install */
export const requireDriver = (name: string, place: DatabaseLocation): unknown => ours(driverFile(name, place))

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
