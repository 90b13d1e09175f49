/** Which transaction the running code is in: it follows the code through every `await`, as Django's follows the thread. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Knex } from 'knex'
import { fastPaths } from '#core/utils'
import { runUntilIdle } from './fast/idle_storage.ts'

interface Open {
  readonly trx: Knex.Transaction
  /** What to do once the outermost transaction is committed. */
  readonly afterCommit: (() => unknown)[]
}

/** The innermost open transaction of each database, by its pool. */
const open = new AsyncLocalStorage<ReadonlyMap<Knex, Open>>()

const runWith: <T>(store: ReadonlyMap<Knex, Open>, work: () => Promise<T>) => Promise<T> = fastPaths
  ? runUntilIdle(open)
  : (store, work) => open.run(store, work)

function innermost(pool: Knex): Open | undefined {
  const found = open.getStore()?.get(pool)
  // Code that nobody waited for may outlive the transaction that it was started in.
  return found === undefined || found.trx.isCompleted() ? undefined : found
}

/** The open transaction of the running code, else the pool itself. */
export const joined = (pool: Knex): Knex => innermost(pool)?.trx ?? pool

/** Runs `fn` so that whoever in it asks for the database of `pool` joins `trx`. */
export function runIn<T>(
  pool: Knex,
  trx: Knex.Transaction,
  fn: () => Promise<T>,
  afterCommit: (() => unknown)[] = [],
): Promise<T> {
  return runWith(new Map(open.getStore()).set(pool, { trx, afterCommit }), fn)
}

/** Runs `fn` in a transaction: in a savepoint of the one that the running code is in, if there is one. */
export async function transactionOn<T>(pool: Knex, fn: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  const outer = innermost(pool)
  const afterCommit: (() => unknown)[] = []
  const body = (trx: Knex.Transaction): Promise<T> => runIn(pool, trx, async () => fn(trx), afterCommit)
  const result = await (outer?.trx ?? pool).transaction(body)
  if (outer !== undefined) outer.afterCommit.push(...afterCommit)
  else for (const each of afterCommit) await each()
  return result
}

/** Calls `fn` once the outermost transaction is committed, never if it is rolled back; at once where there is none. */
export async function afterCommitOf(pool: Knex, fn: () => unknown): Promise<void> {
  const outer = innermost(pool)
  if (outer === undefined) await fn()
  else outer.afterCommit.push(fn)
}
