/** Which transaction the running code is in: it follows the code through every `await`, as Django's follows the thread. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Knex } from 'knex'

interface Open {
  readonly trx: Knex.Transaction
  /** What to do once the outermost transaction is committed. */
  readonly afterCommit: (() => unknown)[]
}

/** The innermost open transaction of each database, by its pool. */
const open = new AsyncLocalStorage<ReadonlyMap<Knex, Open>>()

/** How many transactions are at work. While there is none, nothing is followed: that would cost every promise of the process. */
let running = 0

function innermost(pool: Knex): Open | undefined {
  const found = open.getStore()?.get(pool)
  // Code that nobody waited for may outlive the transaction that it was started in.
  return found === undefined || found.trx.isCompleted() ? undefined : found
}

/** The open transaction of the running code, else the pool itself. */
export const joined = (pool: Knex): Knex => innermost(pool)?.trx ?? pool

/** Runs `fn` so that whoever in it asks for the database of `pool` joins `trx`. */
export async function runIn<T>(
  pool: Knex,
  trx: Knex.Transaction,
  fn: () => Promise<T>,
  afterCommit: (() => unknown)[] = [],
): Promise<T> {
  running++
  try {
    return await open.run(new Map(open.getStore()).set(pool, { trx, afterCommit }), fn)
  } finally {
    running--
    if (running === 0) open.disable()
  }
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
