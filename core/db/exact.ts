/** A condition that compares strings exactly, whatever the collation of their column. */
import type { Knex } from 'knex'
import { connections } from './connections.ts'

/**
 * Adds the condition that a column equals one of some strings. Collations of MySQL also treat strings as equal that differ
 * in case, accents, width or trailing spaces, so the bytes are compared, too. Only the first comparison can use an index.
 * @param alias of the database of the query
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
