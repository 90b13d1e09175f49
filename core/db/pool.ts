/** How many connections to a database server are kept, and for how long: OPTIONS.pool and CONN_MAX_AGE. */
import type { Knex } from 'knex'
import type { BackendConfig, DatabaseSettings } from './backend.ts'

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
