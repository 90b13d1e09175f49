/** The transaction of the running code. It is kept across `await`, like that of a thread in Django. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Knex } from 'knex'
import { fastPaths } from '#core/utils'
import { runUntilIdle } from './fast/idle_storage.ts'

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
