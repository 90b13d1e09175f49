/** Conditions on strings that hold for the very same string only, whatever collation its column has. */
import type { Knex } from 'knex'
import { connections } from './connections.ts'

/**
 * Adds the condition that a column is one of some strings, character by character. Collations of MySQL treat strings
 * as equal that differ in case, accents, width or trailing spaces. Their comparison is kept next to that of the bytes,
 * because only it can use an index.
 * @param alias of the database that the query runs on
 */
export function whereExactly<Query extends Knex.QueryBuilder>(
  query: Query,
  alias: string,
  column: string,
  values: readonly string[],
): Query {
  query.whereIn(column, values)
  if (connections.database(alias).backend.vendor === 'mysql') {
    query.whereRaw(`?? in (${values.map(() => 'cast(? as binary)').join(', ')})`, [column, ...values])
  }
  return query
}
