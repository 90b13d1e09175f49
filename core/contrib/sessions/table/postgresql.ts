/** The table of sessions in PostgreSQL: one statement for many sessions, their values in arrays. */
import { connections } from '#core/db'
import type { Outcome } from '#core/utils'
import { byKey, type Change, type NewRow, quotedName, type SessionRow, type SessionTable } from './table.ts'

interface Keys {
  readonly rows: readonly { readonly session_key: string }[]
}

export class PostgresqlTable implements SessionTable {
  readonly #alias: string
  readonly #load: string
  readonly #insert: string
  readonly #update: string

  constructor(alias: string, table: string) {
    const name = quotedName(table)
    this.#alias = alias
    this.#load = `select session_key, session_data, expire_date from ${name} where session_key = any($1) and expire_date > $2`
    this.#insert =
      `insert into ${name} (session_key, session_data, expire_date)` +
      ' select * from unnest($1::text[], $2::text[], $3::timestamptz[]) on conflict do nothing returning session_key'
    // All rows are locked in the order of their keys first: two such statements at once would otherwise wait for each
    // other in a circle.
    this.#update =
      'with change as (select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as c(key, version, text, date)),' +
      ` locked as (select s.session_key as key, c.text, c.date from ${name} s join change c` +
      ' on s.session_key = c.key and s.session_data = c.version where s.expire_date > $5 order by s.session_key for update of s)' +
      ` update ${name} s set session_data = l.text, expire_date = l.date from locked l where s.session_key = l.key` +
      ' returning s.session_key'
  }

  async load(keys: readonly string[], now: string): Promise<readonly SessionRow[]> {
    return (await this.#run<{ rows: SessionRow[] }>(this.#load, [keys, now])).rows
  }

  async insert(rows: readonly NewRow[]): Promise<Outcome<boolean>[]> {
    const { keys, texts, dates } = listsOf(rows)
    return byKey(rows, keysOf(await this.#run(this.#insert, [keys, texts, dates])))
  }

  async update(changes: readonly Change[], now: string): Promise<Outcome<boolean>[]> {
    const { keys, texts, dates } = listsOf(changes)
    const versions = changes.map(({ version }) => version)
    return byKey(changes, keysOf(await this.#run(this.#update, [keys, versions, texts, dates, now])))
  }

  #run<Result = Keys>(sql: string, bindings: readonly unknown[]): Promise<Result> {
    return connections.database(this.#alias).statement(sql, bindings) as Promise<Result>
  }
}

const keysOf = ({ rows }: Keys): string[] => rows.map(({ session_key }) => session_key)

const listsOf = (rows: readonly NewRow[]) => ({
  keys: rows.map(({ key }) => key),
  texts: rows.map(({ columns }) => columns.session_data),
  dates: rows.map(({ columns }) => columns.expire_date),
})
