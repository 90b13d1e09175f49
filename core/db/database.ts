/** One entry of DATABASES at work: its engine, and its pool of connections, opened when first needed. */
import type { Knex } from 'knex'
import { getLogger } from '#core/utils'
import type { ClientProgram, DatabaseBackend, DatabaseLocation, DatabaseSettings, Dialect, Reader } from './backend.ts'
import { toDateText } from './date_texts.ts'
import { loadKnex } from './drivers.ts'

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

  constructor(entry: DatabaseSettings, backend: DatabaseBackend, place: DatabaseLocation) {
    this.alias = place.alias
    this.entry = entry
    this.backend = backend
    this.#place = place
  }

  /** The connections themselves, beside any transaction. */
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
