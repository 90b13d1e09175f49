/** knex's client for better-sqlite3, with a cache of prepared statements and transactions that lock when they begin. */
import type BetterSqlite3 from 'better-sqlite3'
import type { Knex } from 'knex'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue } from '#core/utils'
import { codeOf, type DatabaseLocation, type Dialect, type Reader, type Statements } from '../backend.ts'
import { driverFile, knexDialect, requireDriver } from '../drivers.ts'
import { Checkpoints } from './sqlite3_checkpoints.ts'

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
  /** The pool's one connection, once it is open. */
  current?: BetterSqlite3.Database
  checkpoints?: Checkpoints
  readonly connectionSettings: { readonly filename: string; readonly options: SqliteOptions }
  transaction(...parameters: unknown[]): Transaction
  _formatBindings(bindings: readonly unknown[] | undefined): unknown[]
  acquireConnection(): Promise<unknown>
  releaseConnection(connection: unknown): Promise<void>
  acquireRawConnection(): Promise<unknown>
  destroyRawConnection(connection: BetterSqlite3.Database): Promise<void>
}

const CACHED_STATEMENTS = 200
const DEFAULT_TIMEOUT = 5
const MODES = ['DEFERRED', 'IMMEDIATE', 'EXCLUSIVE']

/** Worth keeping: what is run again and again. Others, such as SAVEPOINT with its running number, would fill the cache. */
const REPEATED = /^\s*(select|insert|update|delete|replace|with|begin|commit|rollback;?\s*$)/i

type Work = (statements: Statements) => unknown

/** Prepared statements by their text; the oldest one leaves first. */
class StatementCache implements Statements {
  readonly #connection: BetterSqlite3.Database
  readonly #statements = new Map<string, BetterSqlite3.Statement>()
  /** Those that give the first column alone: the few that are read with. */
  readonly #values = new Map<string, BetterSqlite3.Statement>()
  /** Made once: the driver makes four functions of each that it is given. */
  #transaction: BetterSqlite3.Transaction<(work: Work) => unknown> | undefined
  #isReading = false

  constructor(connection: BetterSqlite3.Database) {
    this.#connection = connection
  }

  prepared(sql: string): BetterSqlite3.Statement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#connection.prepare(sql)
    if (!REPEATED.test(sql)) return statement
    if (this.#statements.size >= CACHED_STATEMENTS) {
      this.#statements.delete(this.#statements.keys().next().value as string)
    }
    this.#statements.set(sql, statement)
    return statement
  }

  get(sql: string, bindings: readonly unknown[]): unknown {
    return this.prepared(sql).get(...bindings)
  }

  run(sql: string, bindings: readonly unknown[]): number {
    return this.prepared(sql).run(...bindings).changes
  }

  /** Does the work in a transaction that may write from its beginning. */
  transact<T>(work: (statements: Statements) => T): T {
    this.endReading()
    this.#transaction ??= this.#connection.transaction((given: Work) => given(this))
    return this.#transaction.immediate(work) as T
  }

  /** Whether the open transaction is that of `value`. */
  get isReading(): boolean {
    return this.#isReading
  }

  /**
   * Reads one value of what is committed. The reads of one turn of the event loop share a transaction: each by itself
   * would take and release the file's lock, which costs more than the reading.
   */
  value(sql: string, bindings: readonly unknown[]): unknown {
    if (!this.#isReading) {
      this.run('BEGIN', [])
      this.#isReading = true
      setImmediate(() => this.endReading())
    }
    let statement = this.#values.get(sql)
    if (statement === undefined) this.#values.set(sql, (statement = this.#connection.prepare(sql).pluck()))
    return statement.get(...bindings)
  }

  /** To be called before the connection is used for anything else. */
  endReading(): void {
    if (!this.#isReading) return
    this.#isReading = false
    if (this.#connection.open) this.run('COMMIT', [])
  }
}

const caches = new WeakMap<object, StatementCache>()

/** The statements of a connection, prepared once. */
function statementsOf(connection: BetterSqlite3.Database): StatementCache {
  let statements = caches.get(connection)
  if (statements === undefined) caches.set(connection, (statements = new StatementCache(connection)))
  return statements
}

/** How transactions begin. Django's default is DEFERRED, under which a read that turns into a write can fail at once. */
export function transactionMode(
  { transaction_mode = 'IMMEDIATE' }: SqliteOptions,
  { alias }: DatabaseLocation,
): string {
  const mode = transaction_mode.toUpperCase()
  if (MODES.includes(mode)) return mode
  throw new ImproperlyConfigured(
    `DATABASES['${alias}'].OPTIONS.transaction_mode should be ${MODES.join(' or ')}, found ${formatValue(transaction_mode)}.`,
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

/**
 * The statements of the pool's connection while it is in nobody's transaction: what is done from beginning to end in one
 * turn can be done there at once, whoever has taken the connection from the pool.
 */
function atHand({ current }: Client): StatementCache | undefined {
  if (current?.open !== true) return undefined
  const statements = statementsOf(current)
  return statements.isReading || !current.inTransaction ? statements : undefined
}

/** Runs `work` in a transaction on the pool's connection, from its beginning to its end in one turn. */
export async function transactionSync<T>(pool: Knex, work: (statements: Statements) => T): Promise<T> {
  const client = pool.client as Client
  const transact = (statements: StatementCache): T => {
    const result = statements.transact(work)
    client.checkpoints?.noteCommit()
    return result
  }
  const statements = atHand(client)
  if (statements !== undefined) return transact(statements)
  const connection = (await client.acquireConnection()) as BetterSqlite3.Database
  try {
    return transact(statementsOf(connection))
  } finally {
    await client.releaseConnection(connection)
  }
}

/**
 * Reads what is committed: on the pool's connection, whose pages are in memory, or on one of its own while that one is
 * in somebody's transaction.
 */
export class SqliteReader implements Reader {
  readonly #client: Client
  #own: BetterSqlite3.Database | undefined

  constructor(pool: Knex) {
    this.#client = pool.client as Client
  }

  value(sql: string, bindings: readonly unknown[]): unknown {
    const statements = atHand(this.#client) ?? statementsOf((this.#own ??= this.#open()))
    return statements.value(sql, bindings)
  }

  #open(): BetterSqlite3.Database {
    const { driver, connectionSettings } = this.#client
    const { filename, options } = connectionSettings
    const connection = open(driver, filename, options)
    prepareConnection(connection, options)
    connection.pragma('query_only = ON')
    return connection
  }

  close(): void {
    this.#own?.close()
    this.#own = undefined
  }
}

/** The client class for one entry of DATABASES. */
export function sqliteDialect(place: DatabaseLocation): Dialect {
  const Base = knexDialect('better-sqlite3') as unknown as new (config: Knex.Config) => Client

  class SQLite extends Base {
    declare current?: BetterSqlite3.Database
    declare checkpoints?: Checkpoints

    _driver(): unknown {
      return requireDriver('better-sqlite3', place)
    }

    override async acquireRawConnection(): Promise<unknown> {
      const { filename, options } = this.connectionSettings
      const connection = open(this.driver, filename, options)
      prepareConnection(connection, options)
      this.current = connection
      if (!connection.memory && !connection.readonly) {
        this.checkpoints = new Checkpoints(connection, () => driverFile('better-sqlite3', place))
      }
      return connection
    }

    override async destroyRawConnection(connection: BetterSqlite3.Database): Promise<void> {
      // The last to let go of the log carries it over and removes it: that must not be the thread, some time later.
      await this.checkpoints?.close()
      connection.close()
    }

    override transaction(...parameters: unknown[]): Transaction {
      const transaction = super.transaction(...parameters)
      const mode = transactionMode(this.connectionSettings.options, place)
      transaction.begin = (connection) => transaction.query(connection, `BEGIN ${mode};`)
      return transaction
    }

    async _query(connection: BetterSqlite3.Database, query: Query): Promise<Query> {
      const statements = statementsOf(connection)
      statements.endReading()
      const statement = statements.prepared(query.sql)
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
