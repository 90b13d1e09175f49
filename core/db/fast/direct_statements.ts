/**
 * Statements past knex's query builder, which copies what never changes. The connection still comes from knex's pool. A
 * statement that is run often is sent under a name, where the engine can prepare it.
 */
import { getLogger } from '#core/utils'
import type { Database } from '../database.ts'
import { StatementNames } from './prepared.ts'

/** What a knex client runs; `options` go to the driver. */
interface Query {
  readonly sql: string
  readonly bindings: readonly unknown[]
  readonly options?: { readonly name: string }
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
    return (await client.query(connection, { ...query, options: { name } })).response
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
 * @returns what the driver returns
 */
export async function runStatement(database: Database, sql: string, bindings: readonly unknown[]): Promise<unknown> {
  const client = database.pool.client as QueryClient
  const connection = await client.acquireConnection()
  try {
    return await run(database, client, connection, { sql, bindings })
  } finally {
    await client.releaseConnection(connection)
  }
}
