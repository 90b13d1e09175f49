/** Batches the loads and saves that concurrent requests send to one table. */
import { Batcher, promiseTry } from '#core/concurrency'
import { connections, isConnectionError, toDatabaseDate } from '#core/db'
import { clock } from '#core/utils'
import {
  type BatchTable,
  type Change,
  LOCKED,
  type NewRow,
  type SessionRow,
  type SessionTable,
  type Written,
} from '../session_table.ts'
import { whileLocked } from '../locks.ts'
import { MysqlTable } from './mysql_table.ts'
import { PostgresqlTable } from './postgresql_table.ts'
import { SqliteTable } from './sqlite_table.ts'

/** Batches of one kind in flight: one is being processed while the next is on the wire. */
const MAX_CONCURRENT = 2

/** Sessions in a batch. All wait for the last of them, and a few dozen cost as little for each as a hundred. */
const MAX_SIZE = 32

const TABLES = { sqlite: SqliteTable, postgresql: PostgresqlTable, mysql: MysqlTable }

export class BatchedTable implements SessionTable {
  readonly #loads: Batcher<string, SessionRow | undefined>
  readonly #inserts: Batcher<NewRow, boolean>
  readonly #updates: Batcher<Change, Written>
  readonly loadSync?: (key: string) => SessionRow | undefined

  constructor(alias: string, name: string) {
    const { backend, readsSync } = connections.database(alias)
    const { vendor } = backend
    const table: BatchTable = new TABLES[vendor](alias, name)
    const common = {
      // Nothing is repeated that may have been done.
      isBatchError: (error: unknown) => isConnectionError(error) || backend.isRefusal?.(error) !== true,
      maxConcurrentBatches: MAX_CONCURRENT,
      maxBatchSize: MAX_SIZE,
      isLocal: vendor === 'sqlite',
    }
    const now = (): string => toDatabaseDate(clock.now(), alias)
    const keyOf = ({ key }: NewRow): string => key
    if (table instanceof SqliteTable && readsSync) this.loadSync = (key) => table.loadSync(key, now())
    this.#inserts = new Batcher<NewRow, boolean>({ ...common, keyOf, runBatch: (rows) => table.insert(rows) })
    this.#updates = new Batcher<Change, Written>({
      ...common,
      keyOf,
      runBatch: (changes) => table.update(changes, now()),
    })
    this.#loads = new Batcher({
      ...common,
      runBatch: async (keys) => {
        const rows = await table.load([...new Set(keys)], now())
        const found = new Map(rows.map((row) => [row.session_key, row]))
        return keys.map((key) => ({ answer: found.get(key) }))
      },
    })
  }

  load(key: string): Promise<SessionRow | undefined> {
    const { loadSync } = this
    return loadSync === undefined ? this.#loads.do(key) : promiseTry(async () => loadSync(key))
  }

  insert(row: NewRow): Promise<boolean> {
    return this.#inserts.do(row)
  }

  update(change: Change): Promise<boolean> {
    const trying = this.#updates.do(change)
    return trying.then((written) => (written === LOCKED ? whileLocked(() => this.#updates.do(change)) : written))
  }
}
