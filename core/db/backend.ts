/** The interface of a database engine: what a module in `backends/` exports as `backend`. */
import type { Knex } from 'knex'
import type { LoadedSettings } from '#core/conf'

/** An entry of DATABASES. */
export type DatabaseSettings = LoadedSettings['DATABASES'][string]

/** The SQL dialect of a database; `db.vendor` in a migration. */
export type Vendor = 'sqlite' | 'postgresql' | 'mysql'

/** The entry of DATABASES, for errors, and the directory that its paths are relative to. */
export interface DatabaseLocation {
  readonly alias: string
  readonly root: string
}

/** The parts of a knex configuration that an engine derives from an entry of DATABASES. */
export interface BackendConfig {
  readonly connection: Knex.StaticConnectionConfig
  readonly pool: Knex.PoolConfig
  /** How long a query waits for a connection, in milliseconds. */
  readonly acquireConnectionTimeout?: number
  /** How long a statement may take, in milliseconds. After that its connection is closed. Absent for no limit. */
  readonly responseTimeout?: number
  readonly useNullAsDefault?: boolean
}

export type Dialect = typeof Knex.Client

/** Runs statements on one connection synchronously. There is a binding for each `?`. */
export interface Statements {
  /** The first row as an object; undefined if there is none. */
  get(sql: string, bindings: readonly unknown[]): unknown
  /** @returns the number of changed rows */
  run(sql: string, bindings: readonly unknown[]): number
}

/** Reads committed data synchronously, whatever transaction is open. */
export interface Reader {
  /** The first column of the first row, undefined if there is none. */
  value(sql: string, bindings: readonly unknown[]): unknown
  close(): void
}

/** How an engine prepares statements by name. */
export interface Preparing {
  /** The number of runs after which a statement gets a name; null for never. */
  readonly threshold: number | null
  /** Whether an error says that a name is unknown or stands for another statement, and that nothing was done. */
  isUnknown(error: unknown): boolean
}

/** The command line client of an engine, and how to run it. */
export interface ClientProgram {
  /** Names of the program, the usual one first. */
  readonly commands: readonly [string, ...string[]]
  readonly args: readonly string[]
  /** Environment variables. Secrets are passed here, because every user of the machine can read `args`. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * A database engine. `DATABASES[alias].ENGINE` names a module that exports one as `backend`. Only `lockMigrations` and
 * `migrationTransaction` connect to the database.
 */
export interface DatabaseBackend {
  readonly vendor: Vendor
  /** The name of the engine for people: `PostgreSQL`. */
  readonly displayName: string
  /** Whether a rollback also undoes CREATE TABLE and other changes of the schema. */
  readonly hasTransactionalDdl: boolean
  /** Whether date columns have a time zone. If not, they store local times, in the zone that USE_TZ and TIME_ZONE specify. */
  readonly keepsInstants: boolean
  /** The knex client class. Its driver is loaded when the first connection is opened. */
  dialect(place: DatabaseLocation): Dialect
  /** @throws ImproperlyConfigured for an invalid entry: without NAME, without its driver, or in a missing directory */
  configure(entry: DatabaseSettings, place: DatabaseLocation): BackendConfig
  /**
   * The client that `dbshell` runs. Absent if there is none.
   * @param parameters further arguments of the client
   */
  shell?(entry: DatabaseSettings, place: DatabaseLocation, parameters: readonly string[]): ClientProgram
  /** Whether the database exists, so that connecting does not create it. Absent if connecting never does. */
  exists?(entry: DatabaseSettings, place: DatabaseLocation): boolean
  /**
   * Runs `migrate` when no other process migrates the same database.
   * @param pool the connections of the database
   * @param single opens a knex with exactly one connection, for a lock that is held as long as its connection is open
   */
  lockMigrations<T>(pool: Knex, single: () => Knex, migrate: (db: Knex) => Promise<T>): Promise<T>
  /** Runs `body` in a transaction that can change the schema. */
  migrationTransaction<T>(db: Knex, body: (trx: Knex.Transaction) => Promise<T>): Promise<T>

  /**
   * A query for the numbers, as `id`, of the connections that the server does nothing for. A statement that was sent on one
   * of them is lost. Absent if the engine has no such query.
   */
  readonly idleConnectionsSql?: string
  /**
   * Whether a write was refused because the database can only be read: after a failover, a connection may still lead to the
   * old primary, so it is closed.
   */
  isReadOnly?(error: unknown): boolean
  /** Ends a connection and its statement on the server. Absent if there is no need. */
  killSql?(id: number): string

  // For fast paths. An engine without these members, or with fast paths off, is used through knex only.

  /**
   * Runs `work` as one transaction within one tick of the event loop, again if the database was locked.
   * @param timeout how long to try, in milliseconds
   */
  transactionSync?<T>(pool: Knex, work: (statements: Statements) => T, timeout?: number): Promise<T>
  /** Whether the entry's database can be read synchronously. */
  readsSync?(entry: DatabaseSettings): boolean
  openReader?(pool: Knex): Reader
  /** How the entry's database prepares statements by name. */
  preparing?(entry: DatabaseSettings): Preparing
  isUniqueViolation(error: unknown): boolean
  /** The key of a unique violation: the names of its columns, or the name of its index. */
  violatedKey(error: unknown): string
  isConnectionError(error: unknown): boolean
  /** Whether the server refused a statement or a transaction, so that nothing was done. Absent if that is not known. */
  isRefusal?(error: unknown): boolean
}

/** The `code` of a driver's error; empty if it has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
])

const CONNECTION_MESSAGE =
  /(^|- )(Connection terminated( unexpectedly| due to connection timeout)?|Client was closed and is not queryable|Client has encountered a connection error and is not queryable|timeout expired|timeout exceeded when trying to connect|received invalid response: [\da-f]+|aborted)$/

/** Whether an error was caused by the network, the socket file or the pool, for any engine. */
export function isNetworkError(error: unknown): boolean {
  if (NETWORK_CODES.has(codeOf(error))) return true
  const { name, syscall, message } = (error ?? {}) as { name?: string; syscall?: string; message?: string }
  if (syscall === 'connect' || name === 'KnexTimeoutError') return true
  // pg and tarn throw these without a code. knex puts the statement in front of them.
  return CONNECTION_MESSAGE.test(message ?? '')
}
