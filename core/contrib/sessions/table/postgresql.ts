/** The table of sessions in PostgreSQL: one statement for many sessions, their values in arrays. */
import { connections } from '#core/db'
import type { Outcome } from '#core/utils'
import { byKey, type Change, type NewRow, quotedName, type SessionRow, type SessionTable } from './table.ts'

/** The keys that were written, or null for all of them: one row, which is cheaper to send and to read than many. */
interface Written {
  readonly rows: readonly [{ readonly written: readonly string[] | null }]
}

const WRITTEN =
  "select case when count(*) < cardinality($1::text[]) then coalesce(array_agg(session_key), '{}') end as written from done"

/** PostgreSQL's number for the type of a text. */
const TEXT = 25

/**
 * Texts as PostgreSQL's `array_recv()` reads them. An array that is itself a text has each of its own quoted here, letter
 * by letter, and unquoted there.
 */
function arrayOf(texts: readonly string[]): Buffer {
  const buffer = Buffer.allocUnsafe(texts.reduce((size, text) => size + 4 + Buffer.byteLength(text), 20))
  let at = 0
  // One dimension, nothing null, the type, how many, the first one's number.
  for (const number of [1, 0, TEXT, texts.length, 1]) at = buffer.writeInt32BE(number, at)
  for (const text of texts) {
    const length = buffer.write(text, at + 4)
    at = buffer.writeInt32BE(length, at) + length
  }
  return buffer
}

export class PostgresqlTable implements SessionTable {
  readonly #alias: string
  readonly #load: string
  readonly #insert: string
  readonly #update: string

  constructor(alias: string, table: string) {
    const name = quotedName(table)
    this.#alias = alias
    this.#load = `select session_key, session_data, expire_date from ${name} where session_key = any($1::text[]) and expire_date > $2`
    this.#insert =
      `with done as (insert into ${name} (session_key, session_data, expire_date)` +
      ` select * from unnest($1::text[], $2::text[], $3::timestamptz[]) on conflict do nothing returning session_key) ${WRITTEN}`
    // All rows are locked in the order of their keys first: two such statements at once would otherwise wait for each
    // other in a circle.
    this.#update =
      'with change as (select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as c(key, version, text, date)),' +
      ` locked as (select s.session_key as key, c.text, c.date from ${name} s join change c` +
      ' on s.session_key = c.key and s.session_data = c.version where s.expire_date > $5 order by s.session_key for update of s),' +
      ` done as (update ${name} s set session_data = l.text, expire_date = l.date from locked l where s.session_key = l.key` +
      ` returning s.session_key) ${WRITTEN}`
  }

  async load(keys: readonly string[], now: string): Promise<readonly SessionRow[]> {
    return (await this.#run<{ rows: SessionRow[] }>(this.#load, [arrayOf(keys), now])).rows
  }

  async insert(rows: readonly NewRow[]): Promise<Outcome<boolean>[]> {
    const { keys, texts, dates } = arraysOf(rows)
    return outcomes(rows, await this.#run(this.#insert, [keys, texts, dates]))
  }

  async update(changes: readonly Change[], now: string): Promise<Outcome<boolean>[]> {
    const { keys, texts, dates } = arraysOf(changes)
    const versions = arrayOf(changes.map(({ version }) => version))
    return outcomes(changes, await this.#run(this.#update, [keys, versions, texts, dates, now]))
  }

  #run<Result = Written>(sql: string, bindings: readonly unknown[]): Promise<Result> {
    return connections.database(this.#alias).statement(sql, bindings) as Promise<Result>
  }
}

const outcomes = (all: readonly NewRow[], { rows: [{ written }] }: Written): Outcome<boolean>[] =>
  written === null ? all.map(() => ({ answer: true })) : byKey(all, written)

const arraysOf = (rows: readonly NewRow[]) => ({
  keys: arrayOf(rows.map(({ key }) => key)),
  texts: arrayOf(rows.map(({ columns }) => columns.session_data)),
  dates: rows.map(({ columns }) => columns.expire_date),
})
