/** The table of sessions in PostgreSQL: one statement for many sessions, their values in arrays. */
import { connections } from '#core/db'
import type { Outcome } from '#core/utils'
import { byKey, type Change, type NewRow, type SessionRow, type SessionTable } from './table.ts'

interface Keys {
  readonly rows: readonly { readonly session_key: string }[]
}

export class PostgresqlTable implements SessionTable {
  readonly #alias: string
  readonly #table: string

  constructor(alias: string, table: string) {
    this.#alias = alias
    this.#table = table
  }

  async load(keys: readonly string[], now: string): Promise<readonly SessionRow[]> {
    const sql = 'select session_key, session_data, expire_date from ?? where session_key = any(?) and expire_date > ?'
    return (await this.#raw<{ rows: SessionRow[] }>(sql, [keys, now])).rows
  }

  async insert(rows: readonly NewRow[]): Promise<Outcome<boolean>[]> {
    const { keys, texts, dates } = listsOf(rows)
    const sql =
      'insert into ?? (session_key, session_data, expire_date)' +
      ' select * from unnest(?::text[], ?::text[], ?::timestamptz[]) on conflict do nothing returning session_key'
    const inserted = await this.#raw<Keys>(sql, [keys, texts, dates])
    return byKey(rows, keysOf(inserted))
  }

  async update(changes: readonly Change[], now: string): Promise<Outcome<boolean>[]> {
    const { keys, texts, dates } = listsOf(changes)
    const versions = changes.map(({ version }) => version)
    // All rows are locked in the order of their keys first: two such statements at once would otherwise wait for each
    // other in a circle.
    const sql =
      'with change as (select * from unnest(?::text[], ?::text[], ?::text[], ?::timestamptz[]) as c(key, version, text, date)),' +
      ' locked as (select s.session_key as key, c.text, c.date from ?? s join change c' +
      ' on s.session_key = c.key and s.session_data = c.version where s.expire_date > ? order by s.session_key for update of s)' +
      ' update ?? s set session_data = l.text, expire_date = l.date from locked l where s.session_key = l.key' +
      ' returning s.session_key'
    const db = connections.get(this.#alias)
    const bindings = [keys, versions, texts, dates, this.#table, now, this.#table]
    const updated = await db.raw<Keys>(sql, bindings as never)
    return byKey(changes, keysOf(updated))
  }

  #raw<Result>(sql: string, bindings: readonly unknown[]): Promise<Result> {
    return connections.get(this.#alias).raw<Result>(sql, [this.#table, ...bindings] as never) as Promise<Result>
  }
}

const keysOf = ({ rows }: Keys): string[] => rows.map(({ session_key }) => session_key)

const listsOf = (rows: readonly NewRow[]) => ({
  keys: rows.map(({ key }) => key),
  texts: rows.map(({ columns }) => columns.session_data),
  dates: rows.map(({ columns }) => columns.expire_date),
})
