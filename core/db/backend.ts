/** What a database engine is to the rest of the framework: the contract of a module in `backends/`. */
import type { Knex } from 'knex'
import type { LoadedSettings } from '#core/conf'

/** An entry of DATABASES. */
export type DatabaseSettings = LoadedSettings['DATABASES'][string]

/** The family of SQL that a database speaks; what `db.vendor` is in a migration. */
export type Vendor = 'sqlite' | 'postgresql' | 'mysql'

/** Where an entry of DATABASES was met, for messages, and the folder that its paths start from. */
export interface DatabaseLocation {
  readonly alias: string
  readonly root: string
}

/** The parts of a knex configuration that an engine fills in from an entry of DATABASES. */
export interface BackendConfig {
  readonly connection: Knex.StaticConnectionConfig
  readonly pool: Knex.PoolConfig
  /** Milliseconds that a query waits for a connection. */
  readonly acquireConnectionTimeout?: number
  readonly useNullAsDefault?: boolean
}

export type Dialect = typeof Knex.Client

/** Runs statements on one connection synchronously. A binding for every `?`. */
export interface Statements {
  /** The first row as an object, undefined where there is none. */
  get(sql: string, bindings: readonly unknown[]): unknown
  /** The number of rows that were changed. */
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

/** An engine's own client for the command line, ready to be run. */
export interface ClientProgram {
  /** The names that the program goes by, the usual one first. */
  readonly commands: readonly [string, ...string[]]
  readonly args: readonly string[]
  /** Variables of its environment. What is secret is here: everybody on the machine can read `args`. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * An engine. `DATABASES[alias].ENGINE` names a module that exports one as `backend`.
 * Nothing here connects but `lockMigrations` and `migrationTransaction`.
 */
export interface DatabaseBackend {
  readonly vendor: Vendor
  /** The engine's name as people write it. */
  readonly displayName: string
  /** Whether a rollback takes back CREATE TABLE and its like too. */
  readonly hasTransactionalDdl: boolean
  /** Whether a date column keeps an instant; if not, it keeps a wall clock, in the zone that USE_TZ and TIME_ZONE say. */
  readonly keepsInstants: boolean
  /** The knex client class. Its driver is loaded when the first connection is opened. */
  dialect(place: DatabaseLocation): Dialect
  /** @throws ImproperlyConfigured when the entry cannot work: no NAME, no driver package, no folder */
  configure(entry: DatabaseSettings, place: DatabaseLocation): BackendConfig
  /**
   * The client that `dbshell` runs. Absent: there is none.
   * @param parameters further words for the client
   */
  shell?(entry: DatabaseSettings, place: DatabaseLocation, parameters: readonly string[]): ClientProgram
  /** Whether there is something to connect to without creating it. Absent: always. */
  exists?(entry: DatabaseSettings, place: DatabaseLocation): boolean
  /**
   * Runs `migrate` while no other process of ours migrates the same database; waits for its turn.
   * @param pool the database's ordinary connections
   * @param single opens a knex with exactly one connection, for a lock that lives as long as its connection
   */
  lockMigrations<T>(pool: Knex, single: () => Knex, migrate: (db: Knex) => Promise<T>): Promise<T>
  /** Runs `body` in a transaction fit for schema changes. */
  migrationTransaction<T>(db: Knex, body: (trx: Knex.Transaction) => Promise<T>): Promise<T>
  // What fast paths use. An engine without these members, or with fast paths off, is used through knex alone.

  /** Runs `work` as one transaction within one tick of the event loop. */
  transactionSync?<T>(pool: Knex, work: (statements: Statements) => T): Promise<T>
  /** Whether the entry's database can be read synchronously. */
  readsSync?(entry: DatabaseSettings): boolean
  openReader?(pool: Knex): Reader
  /** How the entry's database prepares statements by name. */
  preparing?(entry: DatabaseSettings): Preparing
  isUniqueViolation(error: unknown): boolean
  /** What a unique violation says of the key: the names of its columns, or that of its index. */
  violatedKey(error: unknown): string
  isConnectionError(error: unknown): boolean
}

/** The code that a driver's error carries; a text or, on MySQL beside it, a number. */
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

/** Whether the network, the socket file or the pool is at fault, whatever the engine. */
export function isNetworkError(error: unknown): boolean {
  if (NETWORK_CODES.has(codeOf(error))) return true
  const { name, syscall, message } = (error ?? {}) as { name?: string; syscall?: string; message?: string }
  if (syscall === 'connect' || name === 'KnexTimeoutError') return true
  // What pg and tarn throw without a code.
  return /^(Connection terminated|timeout exceeded when trying to connect|aborted$)/.test(message ?? '')
}
