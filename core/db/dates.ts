/** Dates as Django keeps them in each engine: `toDatabaseDate`, `fromDatabaseDate`, to the microsecond. */
import { connections } from './connections.ts'
import { connectionZone, fromDateText, toDateText } from './date_texts.ts'

/**
 * What to write into a date column, or to compare one with.
 * @param ms milliseconds since the epoch, fraction included
 */
export function toDatabaseDate(ms: number, alias = 'default'): string {
  const { backend, entry } = connections.database(alias)
  return toDateText(ms, backend, entry)
}

/**
 * The instant in milliseconds since the epoch, fraction included, that a date column holds.
 * @param value the column as it was read: a text, or a Date
 */
export function fromDatabaseDate(value: unknown, alias = 'default'): number {
  return fromDateText(value, connectionZone(connections.database(alias).entry))
}
