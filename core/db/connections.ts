/** The databases of DATABASES: `connections` by alias, the default `connection`, and the transactions of running code. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Knex } from 'knex'
import { cachedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { didYouMean, fastPaths, joinWithAnd } from '#core/utils'
import type { DatabaseBackend, DatabaseSettings } from './backend.ts'
import { Database } from './database.ts'
import { backendNamed } from './engines.ts'
import { runUntilIdle } from './fast/idle_storage.ts'

export const DEFAULT_ALIAS = 'default'

/** Databases by alias. Each is opened when it is first used. */
export class Databases {
  readonly #entries: Readonly<Record<string, DatabaseSettings>>
  readonly #root: string
  readonly #backendOf: (engine: string) => DatabaseBackend
  readonly #open = new Map<string, Database>()

  constructor(
    entries: Readonly<Record<string, DatabaseSettings>>,
    root: string,
    backendOf: (engine: string) => DatabaseBackend = backendNamed,
  ) {
    this.#entries = entries
    this.#root = root
    this.#backendOf = backendOf
  }

  get aliases(): string[] {
    return Object.keys(this.#entries)
  }

  /** @throws ImproperlyConfigured if DATABASES has no such alias, or its engine cannot be loaded */
  database(alias: string): Database {
    let database = this.#open.get(alias)
    if (database === undefined) {
      const entry = Object.hasOwn(this.#entries, alias) ? this.#entries[alias] : undefined
      if (entry === undefined) {
        throw new ImproperlyConfigured(
          `DATABASES has no '${alias}'. It has: ${joinWithAnd(this.aliases)}.${didYouMean(alias, this.aliases)}`,
        )
      }
      database = new Database(entry, this.#backendOf(entry.ENGINE), { alias, root: this.#root })
      this.#open.set(alias, database)
    }
    return database
  }

  async close(): Promise<void> {
    for (const database of this.#open.values()) await database.close()
  }
}

/** A proxy for the knex that `current` returns at each use. */
function delegate(current: () => Knex): Knex {
  return new Proxy((() => undefined) as unknown as Knex, {
    apply: (_, __, parameters: unknown[]) => Reflect.apply(current(), undefined, parameters) as unknown,
    get: (_, name) => Reflect.get(current(), name) as unknown,
    set: (_, name, value) => Reflect.set(current(), name, value),
    has: (_, name) => Reflect.has(current(), name),
  })
}

const current = cachedFromSettings(
  () => new Databases(settings.DATABASES, projectRoot()),
  (databases) => databases.close(),
)

const joining = new Map<string, Knex>()

/** The transaction of the running code, or else the pool: what `connections.get(alias)` refers to at this moment. */
export const currentConnection = (alias: string = DEFAULT_ALIAS): Knex => joined(current().database(alias).pool)

function joiningConnection(alias: string): Knex {
  let knex = joining.get(alias)
  if (knex === undefined) {
    knex = delegate(() => currentConnection(alias))
    joining.set(alias, knex)
  }
  return knex
}

/**
 * The databases of the settings in force. `get()` returns a proxy for a knex that uses the transaction of the running code,
 * if there is one. So it can be stored, and used inside and outside of `transaction()`.
 */
export const connections = {
  /** @throws ImproperlyConfigured if DATABASES has no such alias */
  get(alias: string = DEFAULT_ALIAS): Knex {
    current().database(alias)
    return joiningConnection(alias)
  },
  /** All databases, in the order of DATABASES. */
  all: (): Knex[] => current().aliases.map((alias) => connections.get(alias)),
  aliases: (): string[] => current().aliases,
  /** A database, with its engine and its settings. */
  database: (alias: string = DEFAULT_ALIAS): Database => current().database(alias),
  /** Closes all connections, so that a process can end. A later use opens them again. */
  close: (): Promise<void> => current.dispose(),
}

/** The default database. It is opened when it is first used. */
export const connection: Knex = joiningConnection(DEFAULT_ALIAS)

/**
 * Runs `fn` in a transaction, which is committed if it resolves and rolled back if it rejects. All code that it calls uses
 * the transaction for queries to the same database. Inside another transaction, it is a savepoint.
 */
export const transaction = <T>(fn: (trx: Knex.Transaction) => Promise<T>, alias: string = DEFAULT_ALIAS): Promise<T> =>
  transactionOn(connections.database(alias).pool, fn)

/** Calls `fn` when the transaction of the running code is committed; immediately if there is none. */
export const onCommit = (fn: () => unknown, alias: string = DEFAULT_ALIAS): Promise<void> =>
  afterCommitOf(connections.database(alias).pool, fn)

interface Open {
  readonly trx: Knex.Transaction
  /** Called when the outermost transaction is committed. */
  readonly afterCommit: (() => unknown)[]
}

/** The innermost open transaction of each database, by its pool. */
const open = new AsyncLocalStorage<ReadonlyMap<Knex, Open>>()

const runWith: <T>(store: ReadonlyMap<Knex, Open>, work: () => Promise<T>) => Promise<T> = fastPaths
  ? runUntilIdle(open)
  : (store, work) => open.run(store, work)

function innermost(pool: Knex): Open | undefined {
  const found = open.getStore()?.get(pool)
  // Code that was not awaited may still run when its transaction has ended.
  return found === undefined || found.trx.isCompleted() ? undefined : found
}

/** The open transaction of the running code, or else the pool. */
export const joined = (pool: Knex): Knex => innermost(pool)?.trx ?? pool

/** Runs `fn`, in which queries to the database of `pool` use `trx`. */
export function runIn<T>(
  pool: Knex,
  trx: Knex.Transaction,
  fn: () => Promise<T>,
  afterCommit: (() => unknown)[] = [],
): Promise<T> {
  return runWith(new Map(open.getStore()).set(pool, { trx, afterCommit }), fn)
}

/** Runs `fn` in a transaction, or in a savepoint of the open transaction of the running code. */
export async function transactionOn<T>(pool: Knex, fn: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  const outer = innermost(pool)
  const afterCommit: (() => unknown)[] = []
  const body = (trx: Knex.Transaction): Promise<T> => runIn(pool, trx, async () => fn(trx), afterCommit)
  const result = await (outer?.trx ?? pool).transaction(body)
  if (outer !== undefined) outer.afterCommit.push(...afterCommit)
  else for (const each of afterCommit) await each()
  return result
}

/** Calls `fn` when the outermost transaction is committed, not if it is rolled back. Immediately if there is none. */
export async function afterCommitOf(pool: Knex, fn: () => unknown): Promise<void> {
  const outer = innermost(pool)
  if (outer === undefined) await fn()
  else outer.afterCommit.push(fn)
}
