/** Classifies database errors, for all engines. */
import { builtInBackends } from './engines.ts'

/** An error and its causes. */
function* chain(error: unknown): Generator {
  for (let each = error; each !== undefined && each !== null; each = (each as { cause?: unknown }).cause) yield each
}

const some = (error: unknown, holds: (error: unknown) => boolean): boolean => [...chain(error)].some(holds)

/** Whether a row was refused because another one has its key. */
export const isUniqueViolation = (error: unknown): boolean =>
  some(error, (each) => builtInBackends.some((backend) => backend.isUniqueViolation(each)))

/** The names of the columns, or the name of the index, of a unique violation; undefined for any other error. */
export function violatedKey(error: unknown): string | undefined {
  for (const each of chain(error)) {
    const backend = builtInBackends.find((candidate) => candidate.isUniqueViolation(each))
    if (backend !== undefined) return backend.violatedKey(each)
  }
  return undefined
}

/** Codes of PostgreSQL and MySQL. SQLite has no limits. */
const TOO_LONG = ['22001', 'ER_DATA_TOO_LONG']

/** Whether a row was refused because a string is longer than its column. */
export const isTooLong = (error: unknown): boolean =>
  some(error, (each) => TOO_LONG.includes(String((each as { code?: unknown }).code)))

/** Whether the database was unreachable, refused the connection or was too busy, so that a later attempt may succeed. */
export const isConnectionError = (error: unknown): boolean =>
  some(error, (each) => builtInBackends.some((backend) => backend.isConnectionError(each)))
