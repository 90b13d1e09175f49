/** Adding to a number in a database cache, in one statement, in the SQL of each database. */
import type { Knex } from 'knex'
import type { Vendor } from '#core/db'

interface Increment {
  readonly table: string
  readonly key: string
  readonly delta: number
  /** The time, as the database writes it. */
  readonly now: string
}

// A question mark would be a place to fill, in a text, too.
const STATEMENTS: Readonly<Record<Vendor, string>> = {
  sqlite: `UPDATE ?? SET value = CAST(CAST(value AS INTEGER) + CAST(? AS INTEGER) AS TEXT)
    WHERE cache_key = ? AND expires > ? AND value GLOB '*[0-9]' AND ltrim(value, '-') NOT GLOB '*[^0-9]*' RETURNING value`,
  postgresql: `UPDATE ?? SET value = (value::bigint + ?::bigint)::text
    WHERE cache_key = ? AND expires > ? AND value ~ '^[-]{0,1}[0-9]{1,18}$' RETURNING value`,
  // MySQL returns no rows from an update, but the number that LAST_INSERT_ID was given.
  mysql: `UPDATE ?? SET value = CAST(LAST_INSERT_ID(CAST(value AS SIGNED) + ?) AS CHAR)
    WHERE cache_key = ? AND expires > ? AND value REGEXP '^[-]{0,1}[0-9]{1,18}$'`,
}

interface UpdateResult {
  readonly affectedRows: number
  readonly insertId: number | string
}

/** The sum; undefined where there is no row, or none with a whole number. */
export async function incrementIn(
  db: Knex,
  vendor: Vendor,
  { table, key, delta, now }: Increment,
): Promise<number | undefined> {
  const result: unknown = await db.raw(STATEMENTS[vendor], [table, delta, key, now])
  if (vendor === 'mysql') {
    const [{ affectedRows, insertId }] = result as [UpdateResult]
    // What comes back is unsigned.
    return affectedRows === 0 ? undefined : Number(BigInt.asIntN(64, BigInt(insertId)))
  }
  const rows = (vendor === 'postgresql' ? (result as { rows: unknown }).rows : result) as { value: string }[]
  return rows[0] === undefined ? undefined : Number(rows[0].value)
}
