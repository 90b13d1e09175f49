/** The table of sessions in PostgreSQL: one statement for many sessions, their values in arrays; a plain one for one. */
import { connections, runStatement } from '#core/db'
import type { JobResult } from '#core/concurrency'
import {
  type BatchTable,
  byKey,
  type Change,
  type NewRow,
  quotedName,
  type SessionRow,
  storeTimeout,
  LOCKED,
  type Written,
} from '../session_table.ts'

/** The keys that were written, or null for all of them: one row, which is cheaper to send and to read than many. */
interface WrittenKeys {
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

/** A statement for one session, and one for many. For one alone, the other would cost PostgreSQL twice as much and more. */
interface Statement {
  readonly one: string
  readonly many: string
}

export class PostgresqlTable implements BatchTable {
  readonly #alias: string
  readonly #load: Statement
  readonly #insert: Statement
  readonly #update: Statement
  /** The keys of rows that have not expired and are in a given version. */
  readonly #match: string

  constructor(alias: string, table: string) {
    const name = quotedName(table)
    this.#alias = alias
    const columns = 'session_key, session_data, expire_date'
    this.#load = {
      one: `select ${columns} from ${name} where session_key = $1 and expire_date > $2`,
      // Where a table was never analyzed, PostgreSQL makes a bitmap for `= any($1)`, which costs twice as much as a join.
      many:
        'select s.session_key, s.session_data, s.expire_date from unnest($1::text[]) as wanted(key)' +
        ` join ${name} s on s.session_key = wanted.key where s.expire_date > $2`,
    }
    this.#insert = {
      one: `insert into ${name} (${columns}) values ($1, $2, $3) on conflict do nothing`,
      many:
        `with done as (insert into ${name} (${columns})` +
        ` select * from unnest($1::text[], $2::text[], $3::timestamptz[]) on conflict do nothing returning session_key) ${WRITTEN}`,
    }
    this.#match =
      'select s.session_key from unnest($1::text[], $2::text[]) as c(key, version)' +
      ` join ${name} s on s.session_key = c.key and s.session_data = c.version where s.expire_date > $3`
    this.#update = {
      one:
        `update ${name} set session_data = $3, expire_date = $4` +
        ` where session_key = (select session_key from ${name}` +
        ' where session_key = $1 and session_data = $2 and expire_date > $5 for no key update skip locked)',
      // All rows are locked in the order of their keys first, except those that are locked already: two such statements at
      // once would otherwise wait for each other in a circle.
      many:
        'with change as (select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as c(key, version, text, date)),' +
        ` locked as (select s.session_key as key, c.text, c.date from ${name} s join change c` +
        ' on s.session_key = c.key and s.session_data = c.version where s.expire_date > $5 order by s.session_key for no key update of s skip locked),' +
        ` done as (update ${name} s set session_data = l.text, expire_date = l.date from locked l where s.session_key = l.key` +
        ` returning s.session_key) ${WRITTEN}`,
    }
  }

  async load(keys: readonly string[], now: string): Promise<readonly SessionRow[]> {
    const { one, many } = this.#load
    const loading = keys.length === 1 ? this.#run(one, [keys[0], now]) : this.#run(many, [arrayOf(keys), now])
    return ((await loading) as { rows: SessionRow[] }).rows
  }

  insert(rows: readonly NewRow[]): Promise<JobResult<boolean>[]> {
    if (rows.length === 1) {
      const [{ key, columns }] = rows as readonly [NewRow]
      return this.#write(this.#insert.one, [key, columns.session_data, columns.expire_date])
    }
    const { keys, texts, dates } = arraysOf(rows)
    return this.#writeAll(rows, this.#insert.many, [keys, texts, dates])
  }

  async update(changes: readonly Change[], now: string): Promise<JobResult<Written>[]> {
    const results = await this.#updateFree(changes, now)
    const left = changes.filter((_, i) => !results[i]?.answer)
    if (left.length === 0) return results
    const keys = arrayOf(left.map(({ key }) => key))
    const versions = arrayOf(left.map(({ version }) => version))
    const { rows } = (await this.#run(this.#match, [keys, versions, now])) as { rows: { session_key: string }[] }
    const matching = new Set(rows.map((row) => row.session_key))
    const isLocked = ({ key }: Change, i: number): boolean => !results[i]?.answer && matching.has(key)
    return changes.map((change, i) =>
      isLocked(change, i) ? { answer: LOCKED } : { answer: results[i]?.answer === true },
    )
  }

  /** Writes the rows that no other transaction has locked. */
  #updateFree(changes: readonly Change[], now: string): Promise<{ readonly answer: boolean }[]> {
    if (changes.length === 1) {
      const [{ key, version, columns }] = changes as readonly [Change]
      return this.#write(this.#update.one, [key, version, columns.session_data, columns.expire_date, now])
    }
    const { keys, texts, dates } = arraysOf(changes)
    const versions = arrayOf(changes.map((change) => change.version))
    return this.#writeAll(changes, this.#update.many, [keys, versions, texts, dates, now])
  }

  /** Runs a statement for one row, and says whether it was written. */
  async #write(sql: string, bindings: readonly unknown[]): Promise<{ readonly answer: boolean }[]> {
    const { rowCount } = (await this.#run(sql, bindings)) as { rowCount: number }
    return [{ answer: rowCount === 1 }]
  }

  async #writeAll(
    all: readonly NewRow[],
    sql: string,
    bindings: readonly unknown[],
  ): Promise<{ readonly answer: boolean }[]> {
    const { rows } = (await this.#run(sql, bindings)) as WrittenKeys
    const [{ written }] = rows
    return written === null ? all.map(() => ({ answer: true })) : byKey(all, written)
  }

  #run(sql: string, bindings: readonly unknown[]): Promise<unknown> {
    return runStatement(connections.database(this.#alias), sql, bindings, storeTimeout())
  }
}

const arraysOf = (rows: readonly NewRow[]) => ({
  keys: arrayOf(rows.map(({ key }) => key)),
  texts: arrayOf(rows.map(({ columns }) => columns.session_data)),
  dates: rows.map(({ columns }) => columns.expire_date),
})
