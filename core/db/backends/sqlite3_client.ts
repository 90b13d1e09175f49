/** knex's client for better-sqlite3: connections as OPTIONS describe them, and transactions that lock when they begin. */
import type BetterSqlite3 from 'better-sqlite3'
import type { Knex } from 'knex'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatSetting } from '#core/conf'
import { codeOf, type DatabaseLocation, type Dialect } from '../backend.ts'
import { knexDialect, requireDriver } from '../drivers.ts'
import { BUSY_TIMEOUT, BusyFile } from './sqlite3_busy.ts'

type Driver = new (filename: string, options: object) => BetterSqlite3.Database

/** Opens a connection. knex calls it with `new`. */
export type OpenConnection = new (filename: string) => BetterSqlite3.Database

/** OPTIONS of Nuages and of Django. The others are passed to the driver. */
interface SqliteOptions {
  /** How long a statement waits for a lock of another process, in seconds. The process is not blocked. */
  readonly timeout?: number
  /** SQL that each new connection runs. */
  readonly init_command?: string
  readonly transaction_mode?: string
  readonly readonly?: boolean
}

/** A file that could not be written, opened or read. It may be another one, or have other permissions, when it is opened again. */
const UNUSABLE = /^SQLITE_(READONLY|CANTOPEN|IOERR|NOTADB)/

const broken = new WeakSet<BetterSqlite3.Database>()

/** Whether the pool may use a connection. One that is not is closed, and another one is opened. */
export const isUsable = (connection: BetterSqlite3.Database): boolean => connection.open && !broken.has(connection)

/** The open connections of this process to each file. */
const byFile = new Map<string, Set<BetterSqlite3.Database>>()

function register(connection: BetterSqlite3.Database): void {
  const open = byFile.get(connection.name) ?? new Set()
  for (const each of open) if (!each.open) open.delete(each)
  byFile.set(connection.name, open.add(connection))
}

/**
 * Notes an error of a connection. A database in memory is kept, because closing it would delete it. SQLite shares the
 * index of the write-ahead log among the connections of a process: if one was opened while the file system was
 * read-only, all are read-only until all are closed.
 */
export function noteFailure(connection: BetterSqlite3.Database, error: unknown): void {
  if (!UNUSABLE.test(codeOf(error)) || connection.memory) return
  broken.add(connection)
  if (!codeOf(error).startsWith('SQLITE_READONLY')) return
  for (const each of byFile.get(connection.name) ?? []) if (!each.inTransaction) each.close()
}

interface Transaction {
  begin(connection: unknown): unknown
  query(connection: unknown, sql: string): unknown
}

/** The dialect class of knex, as far as it is used here. */
interface Client {
  readonly connectionSettings: { readonly filename: string; readonly options: SqliteOptions }
  transaction(...parameters: unknown[]): Transaction
  acquireConnection(): Promise<unknown>
  query(connection: BetterSqlite3.Database, query: string | Query): Promise<unknown>
}

interface Query {
  readonly options?: { readonly responseTimeout?: number }
}

const DEFAULT_TIMEOUT = 5
const MODES = ['DEFERRED', 'IMMEDIATE', 'EXCLUSIVE']

/**
 * How transactions begin. The default of Django is DEFERRED, in which a write after a read can fail immediately.
 * @throws ImproperlyConfigured for an unknown mode
 */
export function transactionMode(
  { transaction_mode = 'IMMEDIATE' }: SqliteOptions,
  { alias }: DatabaseLocation,
): string {
  const mode = transaction_mode.toUpperCase()
  if (MODES.includes(mode)) return mode
  throw new ImproperlyConfigured(
    `DATABASES['${alias}'].OPTIONS.transaction_mode should be ${MODES.join(' or ')}, found ${formatSetting(transaction_mode)}.`,
  )
}

function prepareConnection(connection: BetterSqlite3.Database, options: SqliteOptions): void {
  // Changing the journal mode writes to the file. A database that is read-only does not need it.
  try {
    if (options.readonly !== true) connection.pragma('journal_mode = WAL')
  } catch (error) {
    if (!codeOf(error).startsWith('SQLITE_READONLY')) throw error
  }
  connection.pragma('synchronous = NORMAL')
  connection.pragma('foreign_keys = ON')
  if (options.init_command !== undefined) connection.exec(options.init_command)
}

function open(Database: Driver, filename: string, options: SqliteOptions): BetterSqlite3.Database {
  const { timeout: _, init_command: __, transaction_mode: ___, ...driverOptions } = options
  try {
    return new Database(filename, { ...driverOptions, timeout: BUSY_TIMEOUT })
  } catch (error) {
    if (!/bindings file|NODE_MODULE_VERSION|ERR_DLOPEN/.test(`${codeOf(error)} ${(error as Error).message}`))
      throw error
    throw new ImproperlyConfigured(
      'The binary of better-sqlite3 was not built for this Node. Run: npm rebuild better-sqlite3' +
        ' (npm 12 and later build it only where package.json says "allowScripts": {"better-sqlite3": true}).',
      { cause: error },
    )
  }
}

/** A replacement for the driver that opens connections with all OPTIONS. knex would pass on only some of them. */
function openerOf(driver: Driver, options: SqliteOptions): OpenConnection {
  return function openConnection(filename: string) {
    const connection = open(driver, filename, options)
    try {
      prepareConnection(connection, options)
      if (!connection.memory) register(connection)
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  } as unknown as OpenConnection
}

/** The client class for one entry of DATABASES. */
export function sqliteDialect(place: DatabaseLocation): Dialect {
  const Base = knexDialect('better-sqlite3') as unknown as new (config: Knex.Config) => Client
  const file = new BusyFile()
  return class SQLite extends Base {
    /** Runs `attempt` until the file is not locked. @param limit milliseconds; OPTIONS.timeout by default */
    untilFree<T>(attempt: () => T | Promise<T>, limit?: number): Promise<T> {
      const { timeout = DEFAULT_TIMEOUT } = this.connectionSettings.options
      return file.retry(limit ?? timeout * 1000, attempt)
    }

    override acquireConnection(): Promise<unknown> {
      return this.untilFree(() => super.acquireConnection())
    }

    override query(connection: BetterSqlite3.Database, query: string | Query): Promise<unknown> {
      const limit = typeof query === 'string' ? undefined : query.options?.responseTimeout
      // A copy, because knex adds to it.
      const attempt = () => super.query(connection, typeof query === 'string' ? query : { ...query })
      return this.untilFree(attempt, limit).catch((error: unknown) => {
        noteFailure(connection, error)
        throw error
      })
    }

    /** knex's own extension point: the driver, whose constructor opens a connection. */
    _driver(): unknown {
      return openerOf(requireDriver('better-sqlite3', place) as Driver, this.connectionSettings.options)
    }

    override transaction(...parameters: unknown[]): Transaction {
      const transaction = super.transaction(...parameters)
      const mode = transactionMode(this.connectionSettings.options, place)
      transaction.begin = (connection) => transaction.query(connection, `BEGIN ${mode};`)
      return transaction
    }
  } as unknown as Dialect
}
