/**
 * Access to the single connection of a SQLite database past knex's pool: statements that are prepared once, transactions
 * and reads within one tick of the event loop.
 */
import type BetterSqlite3 from 'better-sqlite3'
import type { Knex } from 'knex'
import type { DatabaseLocation, Dialect, Reader, Statements } from '../backend.ts'
import { isUsable, noteFailure, type OpenConnection, sqliteDialect } from '../backends/sqlite3_client.ts'
import { isBusy } from '../backends/sqlite3_busy.ts'
import { driverFile } from '../drivers.ts'
import { Checkpoints } from './sqlite3_checkpoints.ts'

interface Query {
  readonly sql: string
  readonly bindings?: readonly unknown[]
  response?: unknown
  context?: { lastID: number | bigint; changes: number }
}

/** The dialect class of knex with its private members. */
interface Client {
  readonly driver: OpenConnection
  /** The pool's one connection, once it is open. */
  current?: BetterSqlite3.Database
  checkpoints?: Checkpoints
  readonly connectionSettings: { readonly filename: string }
  untilFree<T>(attempt: () => Promise<T>, limit?: number): Promise<T>
  _formatBindings(bindings: readonly unknown[] | undefined): unknown[]
  acquireConnection(): Promise<unknown>
  releaseConnection(connection: unknown): Promise<void>
  acquireRawConnection(): Promise<BetterSqlite3.Database>
  destroyRawConnection(connection: BetterSqlite3.Database): Promise<void>
}

const CACHED_STATEMENTS = 200

/** Statements that are run repeatedly. Others, such as SAVEPOINT with its counter, would fill the cache. */
const REPEATED = /^\s*(select|insert|update|delete|replace|with|begin|commit|rollback;?\s*$)/i

type Work = (statements: Statements) => unknown

/** Prepared statements of a connection by their SQL; the oldest is dropped first. */
class StatementCache implements Statements {
  readonly #connection: BetterSqlite3.Database
  readonly #statements = new Map<string, BetterSqlite3.Statement>()
  /** Those that return the first column only: the few that `value` runs. */
  readonly #values = new Map<string, BetterSqlite3.Statement>()
  /** Created once, because the driver creates four functions for each. */
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

  /** Runs `work` in a transaction that may write from its beginning. */
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
   * Reads one committed value. The reads of one tick share a transaction, because to take and release the file's lock costs
   * more than a read.
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

function statementsOf(connection: BetterSqlite3.Database): StatementCache {
  let statements = caches.get(connection)
  if (statements === undefined) caches.set(connection, (statements = new StatementCache(connection)))
  return statements
}

/**
 * The statements of the pool's connection while no transaction is open on it. What begins and ends within one tick can use
 * that connection, even while it is acquired from the pool.
 */
function idleStatements({ current }: Client): StatementCache | undefined {
  if (current === undefined || !isUsable(current)) return undefined
  const statements = statementsOf(current)
  return statements.isReading || !current.inTransaction ? statements : undefined
}

/** Runs `work` in a transaction on the pool's connection, from its beginning to its end in one tick. */
export function transactionSync<T>(pool: Knex, work: (statements: Statements) => T, timeout?: number): Promise<T> {
  const client = pool.client as Client
  return client.untilFree(() => transactOnce(client, work), timeout)
}

async function transactOnce<T>(client: Client, work: (statements: Statements) => T): Promise<T> {
  const transact = (connection: BetterSqlite3.Database): T => {
    try {
      const result = statementsOf(connection).transact(work)
      client.checkpoints?.noteCommit()
      return result
    } catch (error) {
      noteFailure(connection, error)
      throw error
    }
  }
  if (client.current !== undefined && idleStatements(client) !== undefined) return transact(client.current)
  const connection = (await client.acquireConnection()) as BetterSqlite3.Database
  try {
    return transact(connection)
  } finally {
    await client.releaseConnection(connection)
  }
}

/** Milliseconds. */
const LOCKED_PAUSE = 100

/** How many milliseconds a read may block the process. */
const MOST_PAUSES = 5

/** Nobody wakes who sleeps on this. */
const sleeping = new Int32Array(new SharedArrayBuffer(4))

/**
 * Reads committed data: on the pool's connection, whose pages are in memory, or on a second one while a transaction is open
 * on the first.
 */
export class SqliteReader implements Reader {
  readonly #client: Client
  #own: BetterSqlite3.Database | undefined
  /** A locked file is not tried again before that: each attempt blocks the process for a moment. */
  #lockedUntil = 0
  #error: unknown

  constructor(pool: Knex) {
    this.#client = pool.client as Client
  }

  value(sql: string, bindings: readonly unknown[]): unknown {
    if (performance.now() < this.#lockedUntil) throw this.#error
    try {
      return this.#read(sql, bindings)
    } catch (error) {
      if (isBusy(error)) {
        this.#error = error
        this.#lockedUntil = performance.now() + LOCKED_PAUSE
      }
      throw error
    }
  }

  /** Without a write-ahead log, readers wait for commits. Most are over in a few milliseconds. */
  #read(sql: string, bindings: readonly unknown[]): unknown {
    for (let tries = 1; ; tries++) {
      try {
        const statements = idleStatements(this.#client) ?? statementsOf((this.#own ??= this.#open()))
        return statements.value(sql, bindings)
      } catch (error) {
        if (!isBusy(error)) this.#forget(error)
        if (!isBusy(error) || tries > MOST_PAUSES) throw error
        Atomics.wait(sleeping, 0, 0, 1)
      }
    }
  }

  /** After an error that does not pass, other connections are used. */
  #forget(error: unknown): void {
    if (this.#client.current !== undefined) noteFailure(this.#client.current, error)
    this.close()
  }

  #open(): BetterSqlite3.Database {
    const connection = new this.#client.driver(this.#client.connectionSettings.filename)
    connection.pragma('query_only = ON')
    return connection
  }

  close(): void {
    this.#own?.close()
    this.#own = undefined
  }
}

/** The client class for one entry of DATABASES. */
export function fastSqliteDialect(place: DatabaseLocation): Dialect {
  const Plain = sqliteDialect(place) as unknown as new (config: Knex.Config) => Client

  class FastSQLite extends Plain {
    declare current?: BetterSqlite3.Database
    declare checkpoints?: Checkpoints

    override async acquireRawConnection(): Promise<BetterSqlite3.Database> {
      const connection = await super.acquireRawConnection()
      this.current = connection
      if (!connection.memory && !connection.readonly) {
        this.checkpoints = new Checkpoints(connection, () => driverFile('better-sqlite3', place))
      }
      return connection
    }

    override async destroyRawConnection(connection: BetterSqlite3.Database): Promise<void> {
      // The last connection to close carries the log over and removes it. That must not be the thread, some time later.
      await this.checkpoints?.close()
      connection.close()
    }

    async _query(connection: BetterSqlite3.Database, query: Query): Promise<Query> {
      const statements = statementsOf(connection)
      statements.endReading()
      const statement = statements.prepared(query.sql)
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
  return FastSQLite as unknown as Dialect
}
