/** The table of a database cache, as Django creates it. */
import type { Knex } from 'knex'
import { connections, type Vendor } from '#core/db'

interface Columns {
  readonly key: string
  readonly text: string
  readonly date: string
}

// On MySQL, keys that differ only in case would otherwise be the same key.
const COLUMNS: Readonly<Record<Vendor, Columns>> = {
  sqlite: { key: 'varchar(255)', text: 'text', date: 'datetime' },
  postgresql: { key: 'varchar(255)', text: 'text', date: 'timestamp with time zone' },
  mysql: { key: 'varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', text: 'longtext', date: 'datetime(6)' },
}

export class CacheTable {
  readonly name: string
  readonly #database: string

  /** @param database alias of the database */
  constructor(name: string, database = 'default') {
    this.name = name
    this.#database = database
  }

  #knex(): Knex {
    return connections.get(this.#database)
  }

  exists(): Promise<boolean> {
    const [table, schema] = this.name.split('.').toReversed() as [string, string?]
    const builder = this.#knex().schema
    return (schema === undefined ? builder : builder.withSchema(schema)).hasTable(table)
  }

  /** The statements that create the table and the index on its expiry. */
  statements(): string[] {
    const { key, text, date } = COLUMNS[connections.database(this.#database).backend.vendor]
    const quoted = (name: string): string => this.#knex().raw('??', [name]).toQuery()
    const index = `${this.name.split('.').at(-1)}_expires`
    return [
      [
        `CREATE TABLE ${quoted(this.name)} (`,
        `    ${quoted('cache_key')} ${key} NOT NULL PRIMARY KEY,`,
        `    ${quoted('value')} ${text} NOT NULL,`,
        `    ${quoted('expires')} ${date} NOT NULL`,
        ');',
      ].join('\n'),
      `CREATE INDEX ${quoted(index)} ON ${quoted(this.name)} (${quoted('expires')});`,
    ]
  }

  /** Creates the table and its index, in a transaction if the database has transactional DDL. */
  async create(): Promise<void> {
    await this.#knex().transaction(async (trx) => {
      for (const statement of this.statements()) await trx.raw(statement)
    })
  }
}

// Classification of database errors.

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code)

/** A deadlock or a serialization failure: a retry may succeed. */
export const isDeadlock = (error: unknown): boolean =>
  /^(ER_LOCK_DEADLOCK|ER_CHECKREAD|40P01|40001)$/.test(codeOf(error))

export const isMissingTable = (error: unknown): boolean =>
  /^(ER_NO_SUCH_TABLE|42P01)$/.test(codeOf(error)) || /no such table/.test((error as Error).message)
