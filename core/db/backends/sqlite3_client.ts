/** knex's client for better-sqlite3, with a cache of prepared statements and transactions that lock when they begin. */
import type BetterSqlite3 from 'better-sqlite3'
import type { Knex } from 'knex'
import { ImproperlyConfigured } from '#core/exceptions'
import { shown } from '#core/utils'
import { codeOf, type Dialect, type Place } from '../backend.ts'
import { knexDialect, requireDriver } from '../drivers.ts'

type Driver = new (filename: string, options: object) => BetterSqlite3.Database

/** OPTIONS that are ours or Django's; the others go to the driver. */
interface SqliteOptions {
  /** Seconds that a statement waits for another process's lock. */
  readonly timeout?: number
  /** SQL that each new connection runs. */
  readonly init_command?: string
  readonly transaction_mode?: string
  readonly readonly?: boolean
}

interface Query {
  readonly sql: string
  readonly bindings?: readonly unknown[]
  response?: unknown
  context?: { lastID: number | bigint; changes: number }
}

interface Transaction {
  begin(connection: unknown): unknown
  query(connection: unknown, sql: string): unknown
}

/** The dialect class as it is; knex's types leave most of it out. */
interface Client {
  readonly driver: Driver
  readonly connectionSettings: { readonly filename: string; readonly options: SqliteOptions }
  transaction(...parameters: unknown[]): Transaction
  _formatBindings(bindings: readonly unknown[] | undefined): unknown[]
  acquireRawConnection(): Promise<unknown>
}

const CACHED_STATEMENTS = 200
const DEFAULT_TIMEOUT = 5
const MODES = ['DEFERRED', 'IMMEDIATE', 'EXCLUSIVE']

/** Worth keeping: what is run again and again. Others, such as SAVEPOINT with its running number, would fill the cache. */
const REPEATED = /^\s*(select|insert|update|delete|replace|with|begin|commit|rollback;?\s*$)/i

/** Prepared statements by their text; the one unused for longest leaves first. */
class StatementCache {
  readonly #connection: BetterSqlite3.Database
  readonly #statements = new Map<string, BetterSqlite3.Statement>()

  constructor(connection: BetterSqlite3.Database) {
    this.#connection = connection
  }

  get(sql: string): BetterSqlite3.Statement {
    if (!REPEATED.test(sql)) return this.#connection.prepare(sql)
    let statement = this.#statements.get(sql)
    if (statement === undefined) statement = this.#connection.prepare(sql)
    else this.#statements.delete(sql)
    this.#statements.set(sql, statement)
    if (this.#statements.size > CACHED_STATEMENTS) {
      this.#statements.delete(this.#statements.keys().next().value as string)
    }
    return statement
  }
}

/** How transactions begin. Django's default is DEFERRED, under which a read that turns into a write can fail at once. */
export function transactionMode({ transaction_mode = 'IMMEDIATE' }: SqliteOptions, { alias }: Place): string {
  const mode = transaction_mode.toUpperCase()
  if (MODES.includes(mode)) return mode
  throw new ImproperlyConfigured(
    `DATABASES['${alias}'].OPTIONS.transaction_mode should be ${MODES.join(' or ')}, found ${shown(transaction_mode)}.`,
  )
}

function prepareConnection(connection: BetterSqlite3.Database, options: SqliteOptions): void {
  // Changing to the log writes to the file; readers of a file that may not be written can do without.
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
  const { timeout = DEFAULT_TIMEOUT, init_command: _, transaction_mode: __, ...driverOptions } = options
  try {
    return new Database(filename, { ...driverOptions, timeout: timeout * 1000 })
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

/** The client class for one entry of DATABASES. */
export function sqliteDialect(place: Place): Dialect {
  const caches = new WeakMap<BetterSqlite3.Database, StatementCache>()
  const Base = knexDialect('better-sqlite3') as unknown as new (config: Knex.Config) => Client

  class SQLite extends Base {
    _driver(): unknown {
      return requireDriver('better-sqlite3', place)
    }

    override async acquireRawConnection(): Promise<unknown> {
      const { filename, options } = this.connectionSettings
      const connection = open(this.driver, filename, options)
      prepareConnection(connection, options)
      caches.set(connection, new StatementCache(connection))
      return connection
    }

    override transaction(...parameters: unknown[]): Transaction {
      const transaction = super.transaction(...parameters)
      const mode = transactionMode(this.connectionSettings.options, place)
      transaction.begin = (connection) => transaction.query(connection, `BEGIN ${mode};`)
      return transaction
    }

    async _query(connection: BetterSqlite3.Database, query: Query): Promise<Query> {
      const statement = (caches.get(connection) as StatementCache).get(query.sql)
      // oxlint-disable-next-line no-underscore-dangle -- knex's own name
      const bindings = this._formatBindings(query.bindings)
      if (statement.reader) {
        query.response = statement.all(bindings)
        return query
      }
      const { lastInsertRowid, changes } = statement.run(bindings)
      query.response = { lastInsertRowid, changes }
      query.context = { lastID: lastInsertRowid, changes }
      return query
    }
  }
  return SQLite as unknown as Dialect
}
