/** An entry of DATABASES with its engine and its connection pool, which is opened when it is first used. */
import type { Knex } from 'knex'
import { mutableCopy } from '#core/conf'
import { getLogger } from '#core/utils'
import type {
  BackendConfig,
  ClientProgram,
  DatabaseBackend,
  DatabaseLocation,
  DatabaseSettings,
  Dialect,
  Reader,
} from './backend.ts'
import { toDateString } from './date_strings.ts'
import { loadKnex } from './drivers.ts'
import { SilentConnections } from './silent_connections.ts'

/** Longer than the connection that holds the lock of a migration is idle. */
const DAY_MS = 86_400_000

/** How long `close()` waits for the statements in progress, in milliseconds. */
const CLOSE_TIMEOUT = 5000

const logger = getLogger('django.db.backends')

/** Messages of knex, which it would write to the console. Those about a failed connection are also in the error. */
const log = {
  warn(message: unknown) {
    const text = String(message)
    if (/^(Acquire connection|Connection) [Ee]rror/.test(text)) logger.debug(text)
    else logger.warning(text)
  },
  error: (message: unknown) => logger.error(String(message)),
  deprecate: (method: string, alternative: string) => logger.debug(`${method} is deprecated, use ${alternative}`),
  // In debug mode, knex logs statements with their values.
  debug: () => undefined,
}

interface WithPrepBindings {
  prepBindings(bindings: unknown[] | undefined): unknown[] | undefined
}

/** A dialect that binds a Date in the form in which Django stores it. */
function withDates(Base: Dialect, toString: (ms: number) => string): Dialect {
  const Parent = Base as unknown as new (config: Knex.Config) => Knex.Client & WithPrepBindings
  return class extends Parent {
    override prepBindings(bindings: unknown[] | undefined): unknown[] | undefined {
      if (bindings?.some((value) => value instanceof Date) !== true) return super.prepBindings(bindings)
      return super.prepBindings(bindings.map((value) => (value instanceof Date ? toString(value.getTime()) : value)))
    }
  } as unknown as Dialect
}

export class Database {
  readonly alias: string
  readonly entry: DatabaseSettings
  readonly backend: DatabaseBackend
  readonly #place: DatabaseLocation
  #pool: Knex | undefined
  #silent: SilentConnections | undefined
  #reader: Reader | undefined

  constructor(entry: DatabaseSettings, backend: DatabaseBackend, place: DatabaseLocation) {
    this.alias = place.alias
    this.entry = entry
    this.backend = backend
    this.#place = place
  }

  /** The connection pool, outside of any transaction. A connection whose server does not answer is closed. */
  get pool(): Knex {
    if (this.#pool === undefined) {
      const { responseTimeout } = this.#configure()
      this.#silent = this.#watch(responseTimeout)
      this.#pool = this.#open(this.#silent)
    }
    return this.#pool
  }

  /** Whether `reader` is available. */
  get readsSync(): boolean {
    return this.backend.readsSync?.(this.entry) ?? false
  }

  /** Reads committed data synchronously; undefined if the engine cannot. */
  get reader(): Reader | undefined {
    if (this.#reader === undefined && this.readsSync) {
      this.#reader = this.backend.openReader?.(this.pool)
    }
    return this.#reader
  }

  /** Whether the database exists, as far as is known without connecting. */
  exists(): boolean {
    return this.backend.exists?.(this.entry, this.#place) ?? true
  }

  /** The command line client of the engine; undefined if it has none. */
  shell(parameters: readonly string[] = []): ClientProgram | undefined {
    return this.backend.shell?.(this.entry, this.#place, parameters)
  }

  /** @throws ImproperlyConfigured for an invalid entry */
  validate(): void {
    this.#configure()
  }

  /** Opens a knex with one connection, which the caller must destroy. */
  openSingle(): Knex {
    return this.#open(this.#watch(), { min: 0, max: 1, idleTimeoutMillis: DAY_MS })
  }

  /** The knex client class of this database. */
  dialect(): Dialect {
    return withDates(this.backend.dialect(this.#place), (ms) => toDateString(ms, this.backend, this.entry))
  }

  async close(): Promise<void> {
    const pool = this.#pool
    const silent = this.#silent
    this.#pool = undefined
    this.#silent = undefined
    this.#reader?.close()
    this.#reader = undefined
    if (pool === undefined) return
    const timer = setTimeout(() => silent?.abandonAll(), CLOSE_TIMEOUT).unref()
    await pool.destroy().finally(() => clearTimeout(timer))
  }

  #configure(): BackendConfig {
    return this.backend.configure(mutableCopy(this.entry), this.#place)
  }

  /** @param timeout of each statement, in milliseconds */
  #watch(timeout?: number): SilentConnections | undefined {
    return this.backend.vendor === 'sqlite' ? undefined : new SilentConnections(this.backend, timeout)
  }

  #open(silent: SilentConnections | undefined, pool: Knex.PoolConfig = {}): Knex {
    const { responseTimeout: _, ...config } = this.#configure()
    const dialect = this.dialect()
    const knex = loadKnex()({
      ...config,
      client: silent?.watched(dialect) ?? dialect,
      pool: { ...config.pool, ...pool },
      // Otherwise an error would contain the statement with its values, such as session data and passwords.
      compileSqlOnError: false,
      log,
    })
    // mysql2 adds the statement with its values to the error.
    knex.on('query-error', (error: { sql?: string }) => delete error.sql)
    return knex
  }
}
