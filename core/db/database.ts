/** One entry of DATABASES at work: its engine, and its pool of connections, opened when first needed. */
import type { Knex } from 'knex'
import { getLogger } from '#core/utils'
import type { ClientProgram, DatabaseBackend, DatabaseLocation, DatabaseSettings, Dialect, Reader } from './backend.ts'
import { toDateText } from './date_texts.ts'
import { loadKnex } from './drivers.ts'
import { Prepared } from './prepared.ts'

/** A day: longer than the lock of a migration may lie idle. */
const LONG_IDLE = 86_400_000

const logger = getLogger('django.db.backends')

/** knex talks to the console by itself; what it says of a failed connection is in the error that it throws as well. */
const log = {
  warn(message: unknown) {
    const text = String(message)
    if (text.startsWith('Acquire connection error')) logger.debug(text)
    else logger.warning(text)
  },
  error: (message: unknown) => logger.error(String(message)),
  deprecate: (method: string, alternative: string) => logger.debug(`${method} is deprecated, use ${alternative}`),
  // With `debug` on, knex would hand over statements with their values.
  debug: () => undefined,
}

/** What a knex client runs; `options` go to the driver. */
interface Query {
  readonly sql: string
  readonly bindings: readonly unknown[]
  readonly options?: { readonly name: string }
}

/** What a knex client has; its types leave most of it out. */
interface QueryClient {
  acquireConnection(): Promise<unknown>
  query(connection: unknown, query: Query): Promise<{ response?: unknown }>
  releaseConnection(connection: unknown): Promise<void>
}

interface WithPrepBindings {
  prepBindings(bindings: unknown[] | undefined): unknown[] | undefined
}

/** A dialect in which a Date bound to a statement becomes what Django would write for it. */
function writingDates(Base: Dialect, written: (ms: number) => string): Dialect {
  const Parent = Base as unknown as new (config: Knex.Config) => Knex.Client & WithPrepBindings
  return class extends Parent {
    override prepBindings(bindings: unknown[] | undefined): unknown[] | undefined {
      if (bindings?.some((value) => value instanceof Date) !== true) return super.prepBindings(bindings)
      return super.prepBindings(bindings.map((value) => (value instanceof Date ? written(value.getTime()) : value)))
    }
  } as unknown as Dialect
}

export class Database {
  readonly alias: string
  readonly entry: DatabaseSettings
  readonly backend: DatabaseBackend
  readonly #place: DatabaseLocation
  #pool: Knex | undefined
  #reader: Reader | undefined
  readonly #prepared: Prepared | undefined

  /** @throws ImproperlyConfigured */
  constructor(entry: DatabaseSettings, backend: DatabaseBackend, place: DatabaseLocation) {
    this.alias = place.alias
    this.entry = entry
    this.backend = backend
    this.#place = place
    const preparing = backend.preparing?.(entry, place)
    this.#prepared = preparing && new Prepared(preparing)
  }

  /** The connections themselves, beside any transaction. */
  get pool(): Knex {
    this.#pool ??= this.#open()
    return this.#pool
  }

  /**
   * Runs one statement, written as the driver wants it, on a connection of the pool: beside any transaction, and past
   * knex's builder, which takes longer over a large statement than the driver does. One that is run often is prepared,
   * where the engine can. Listeners of `query` and `query-error` are told as ever.
   * @returns what the driver gives
   */
  async statement(sql: string, bindings: readonly unknown[]): Promise<unknown> {
    const client = this.pool.client as QueryClient
    const connection = await client.acquireConnection()
    try {
      return await this.#run(client, connection, { sql, bindings })
    } finally {
      await client.releaseConnection(connection)
    }
  }

  async #run(client: QueryClient, connection: unknown, query: Query): Promise<unknown> {
    const name = this.#prepared?.nameFor(query.sql)
    if (name === undefined) return (await client.query(connection, query)).response
    try {
      return (await client.query(connection, { ...query, options: { name } })).response
    } catch (error) {
      if (this.#prepared?.refusedBy(error) !== true) throw error
      logger.info(`Statements for the database '${this.alias}' are no longer prepared: ${String(error)}`)
      return (await client.query(connection, query)).response
    }
  }

  /** Whether `reader` is there. */
  get readsAtOnce(): boolean {
    return this.backend.readsAtOnce?.(this.entry) ?? false
  }

  /** Reads what is committed, without waiting; undefined where the database cannot. */
  get reader(): Reader | undefined {
    if (this.#reader === undefined && this.readsAtOnce) {
      this.#reader = this.backend.openReader?.(this.pool)
    }
    return this.#reader
  }

  /** Whether the database is there, as far as can be known without connecting. */
  exists(): boolean {
    return this.backend.exists?.(this.entry, this.#place) ?? true
  }

  /** The engine's client for the command line; undefined where it has none. */
  shell(parameters: readonly string[] = []): ClientProgram | undefined {
    return this.backend.shell?.(this.entry, this.#place, parameters)
  }

  /** @throws ImproperlyConfigured when the entry cannot work */
  validate(): void {
    this.backend.configure(this.entry, this.#place)
  }

  /** A knex of one connection, which the caller must destroy. */
  openSingle(): Knex {
    return this.#open({ min: 0, max: 1, idleTimeoutMillis: LONG_IDLE })
  }

  /** A knex class of this database's SQL, for statements that are never sent. */
  dialect(): Dialect {
    return writingDates(this.backend.dialect(this.#place), (ms) => toDateText(ms, this.backend, this.entry))
  }

  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    this.#reader?.close()
    this.#reader = undefined
    await pool?.destroy()
  }

  #open(pool: Knex.PoolConfig = {}): Knex {
    const config = this.backend.configure(this.entry, this.#place)
    const knex = loadKnex()({
      ...config,
      client: this.dialect(),
      pool: { ...config.pool, ...pool },
      // Otherwise a message would hold the statement with its values: session data, passwords.
      compileSqlOnError: false,
      log,
    })
    // mysql2 adds the statement with its values.
    knex.on('query-error', (error: { sql?: string }) => delete error.sql)
    return knex
  }
}
