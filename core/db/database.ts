/** An entry of DATABASES with its engine and its connection pool, which is opened when it is first used. */
import type { Knex } from 'knex'
import { getLogger } from '#core/utils'
import type { ClientProgram, DatabaseBackend, DatabaseLocation, DatabaseSettings, Dialect, Reader } from './backend.ts'
import { toDateString } from './date_strings.ts'
import { loadKnex } from './drivers.ts'

/** Longer than the connection that holds the lock of a migration is idle. */
const DAY_MS = 86_400_000

const logger = getLogger('django.db.backends')

/** Messages of knex, which it would write to the console. Those about a failed connection are also in the error. */
const log = {
  warn(message: unknown) {
    const text = String(message)
    if (text.startsWith('Acquire connection error')) logger.debug(text)
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
  #reader: Reader | undefined

  constructor(entry: DatabaseSettings, backend: DatabaseBackend, place: DatabaseLocation) {
    this.alias = place.alias
    this.entry = entry
    this.backend = backend
    this.#place = place
  }

  /** The connection pool, outside of any transaction. */
  get pool(): Knex {
    this.#pool ??= this.#open()
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
    this.backend.configure(this.entry, this.#place)
  }

  /** Opens a knex with one connection, which the caller must destroy. */
  openSingle(): Knex {
    return this.#open({ min: 0, max: 1, idleTimeoutMillis: DAY_MS })
  }

  /** The knex client class of this database. */
  dialect(): Dialect {
    return withDates(this.backend.dialect(this.#place), (ms) => toDateString(ms, this.backend, this.entry))
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
      // Otherwise an error would contain the statement with its values, such as session data and passwords.
      compileSqlOnError: false,
      log,
    })
    // mysql2 adds the statement with its values to the error.
    knex.on('query-error', (error: { sql?: string }) => delete error.sql)
    return knex
  }
}
