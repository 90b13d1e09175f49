/** Converts dates to and from the form in which Django stores them in each engine, with microseconds. */
import { connections } from './connections.ts'
import { connectionZone, fromDateString, toDateString } from './date_strings.ts'

/**
 * A date to write to a date column, or to compare with one.
 * @param ms milliseconds since the epoch; may have a fraction
 */
export function toDatabaseDate(ms: number, alias = 'default'): string {
  const { backend, entry } = connections.database(alias)
  return toDateString(ms, backend, entry)
}

/**
 * The date in a date column, in milliseconds since the epoch, with a fraction.
 * @param value the column as the driver returned it: a string, or a Date
 * @throws TypeError for a value that is not a date
 */
export function fromDatabaseDate(value: unknown, alias = 'default'): number {
  return fromDateString(value, connectionZone(connections.database(alias).entry))
}
