/**
 * Statements past knex's query builder, which copies what never changes. The connection still comes from knex's pool. A
 * statement that is run often is sent under a name, where the engine can prepare it.
 */
import { getLogger } from '#core/utils'
import type { Database } from '../database.ts'
import { Prepared } from './prepared.ts'

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

const preparedBy = new WeakMap<Database, Prepared>()

function preparedOf(database: Database): Prepared | undefined {
  const known = preparedBy.get(database)
  const { backend, entry } = database
  if (known !== undefined || backend.preparing === undefined) return known
  const prepared = new Prepared(backend.preparing(entry))
  preparedBy.set(database, prepared)
  return prepared
}

async function run(database: Database, client: QueryClient, connection: unknown, query: Query): Promise<unknown> {
  const prepared = preparedOf(database)
  const name = prepared?.nameFor(query.sql)
  if (name === undefined) return (await client.query(connection, query)).response
  try {
    return (await client.query(connection, { ...query, options: { name } })).response
  } catch (error) {
    if (prepared?.refusedBy(error) !== true) throw error
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
