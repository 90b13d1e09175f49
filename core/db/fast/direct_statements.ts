/**
 * Statements past knex's query builder, which copies what never changes. The connection still comes from knex's pool. A
 * statement that is run often is sent under a name: the database parses and plans it once for each connection.
 */
import { createHash } from 'node:crypto'
import { getLogger } from '#core/utils'
import type { Preparing } from '../backend.ts'
import type { Database } from '../database.ts'

interface StatementOptions {
  readonly name?: string
  /** Milliseconds. */
  readonly responseTimeout?: number
}

/** What a knex client runs; `options` go to the driver. */
interface Query {
  readonly sql: string
  readonly bindings: readonly unknown[]
  readonly options?: StatementOptions
}

/** The client of knex, whose types leave most of it out. */
interface QueryClient {
  acquireConnection(): Promise<unknown>
  query(connection: unknown, query: Query): Promise<{ response?: unknown }>
  releaseConnection(connection: unknown): Promise<void>
}

const logger = getLogger('django.db.backends')

const namesByDatabase = new WeakMap<Database, StatementNames>()

function namesOf(database: Database): StatementNames | undefined {
  const known = namesByDatabase.get(database)
  const { backend, entry } = database
  if (known !== undefined || backend.preparing === undefined) return known
  const names = new StatementNames(backend.preparing(entry))
  namesByDatabase.set(database, names)
  return names
}

async function run(database: Database, client: QueryClient, connection: unknown, query: Query): Promise<unknown> {
  const names = namesOf(database)
  const name = names?.nameFor(query.sql)
  if (name === undefined) return (await client.query(connection, query)).response
  try {
    return (await client.query(connection, { ...query, options: { ...query.options, name } })).response
  } catch (error) {
    if (names?.refusedBy(error) !== true) throw error
    logger.info(`Statements for the database '${database.alias}' are no longer prepared: ${String(error)}`)
    return (await client.query(connection, query)).response
  }
}

/**
 * Runs one statement on a connection of the pool, outside of any transaction. Listeners of `query` and `query-error` are
 * called, those of `query-response` are not.
 * @param sql with placeholders as the driver expects them
 * @param timeout milliseconds after which the connection is closed, and the statement fails with an unknown outcome
 * @returns what the driver returns
 */
export function runStatement(
  database: Database,
  sql: string,
  bindings: readonly unknown[],
  timeout?: number,
): Promise<unknown> {
  return onConnection(database, timeout, (client, connection) =>
    run(database, client, connection, {
      sql,
      bindings,
      ...(timeout !== undefined && { options: { responseTimeout: timeout } }),
    }),
  )
}

async function onConnection<T>(
  database: Database,
  timeout: number | undefined,
  work: (client: QueryClient, connection: unknown) => Promise<T>,
): Promise<T> {
  const client = database.pool.client as QueryClient
  const began = performance.now()
  const connection = await client.acquireConnection()
  try {
    // The caller has been told that this failed.
    if (timeout !== undefined && performance.now() - began > timeout) throw new NoConnection(timeout)
    return await work(client, connection)
  } finally {
    await client.releaseConnection(connection)
  }
}

/** Nothing was sent, because no connection was free in time. */
class NoConnection extends Error {
  readonly code = 'ETIMEDOUT'

  constructor(timeout: number) {
    super(`No connection to the database was free within ${timeout / 1000} seconds.`)
  }
}

/** Maximum number of statements that are counted. Statements that are different each time need no name. */
const MAX_COUNTED = 100

/** A name that no other statement has, not even one of another program that shares the connections through a pooler. */
const nameOf = (sql: string): string => `nuages_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`

interface Counted {
  readonly name: string
  runs: number
}

/** The names of the statements of one database. */
export class StatementNames {
  readonly #preparing: Preparing
  readonly #counted = new Map<string, Counted>()
  #isRefused = false

  constructor(preparing: Preparing) {
    this.#preparing = preparing
  }

  /** The name for a run of a statement; undefined if it is run without one. Each call counts as a run. */
  nameFor(sql: string): string | undefined {
    const { threshold } = this.#preparing
    if (this.#isRefused || threshold === null) return undefined
    let counted = this.#counted.get(sql)
    if (counted === undefined) {
      if (this.#counted.size >= MAX_COUNTED) return undefined
      this.#counted.set(sql, (counted = { name: nameOf(sql), runs: 0 }))
    }
    return counted.runs++ < threshold ? undefined : counted.name
  }

  /**
   * Whether a statement that failed with a name must be run again without one. Behind a pooler that assigns connections
   * for each transaction, names belong to other connections: after the first such error, none is used.
   */
  refusedBy(error: unknown): boolean {
    const isRefused = this.#preparing.isUnknown(error)
    this.#isRefused ||= isRefused
    return isRefused
  }
}
