/** The sessions of many requests on their way to one table: what waits goes together. */
import { connections, isConnectionError, toDatabaseDate } from '#core/db'
import { clock } from '#core/utils'
import { Batcher } from '#core/concurrency'
import { MysqlTable } from './mysql_table.ts'
import { PostgresqlTable } from './postgresql_table.ts'
import { SqliteTable } from './sqlite_table.ts'
import type { Change, NewRow, SessionRow, SessionTable } from '../session_table.ts'

/** Groups of one kind on their way at once: one is being worked on while the next is on the wire. */
const SLOTS = 2

/** Sessions in a group. All of them wait for the last, and a few dozen are as cheap for each as a hundred would be. */
const MOST = 32

const TABLES = { sqlite: SqliteTable, postgresql: PostgresqlTable, mysql: MysqlTable }

export class BatchedTable {
  readonly #loads: Batcher<string, SessionRow | undefined>
  readonly #inserts: Batcher<NewRow, boolean>
  readonly #updates: Batcher<Change, boolean>

  constructor(alias: string, name: string) {
    const { vendor } = connections.database(alias).backend
    const table: SessionTable = new TABLES[vendor](alias, name)
    const common = {
      isBatchError: isConnectionError,
      maxConcurrentBatches: SLOTS,
      maxBatchSize: MOST,
      isLocal: vendor === 'sqlite',
    }
    const now = (): string => toDatabaseDate(clock.now(), alias)
    const keyOf = ({ key }: NewRow): string => key
    this.#inserts = new Batcher<NewRow, boolean>({ ...common, keyOf, runBatch: (rows) => table.insert(rows) })
    this.#updates = new Batcher<Change, boolean>({
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
    return this.#loads.do(key)
  }

  /** False where the key is taken. */
  insert(row: NewRow): Promise<boolean> {
    return this.#inserts.do(row)
  }

  /** False where there is no such row any more. */
  update(change: Change): Promise<boolean> {
    return this.#updates.do(change)
  }
}
