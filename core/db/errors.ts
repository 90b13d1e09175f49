/** What kind of error a database gave, whatever the engine. */
import { builtInBackends } from './engines.ts'

/** The errors that stand behind one: itself, and its causes. */
function* chain(error: unknown): Generator {
  for (let each = error; each !== undefined && each !== null; each = (each as { cause?: unknown }).cause) yield each
}

const some = (error: unknown, holds: (error: unknown) => boolean): boolean => [...chain(error)].some(holds)

/** Whether a row was refused because another has its key. */
export const isUniqueViolation = (error: unknown): boolean =>
  some(error, (each) => builtInBackends.some((backend) => backend.isUniqueViolation(each)))

/** The names of the columns, or of the index, that a unique violation is about; undefined for any other error. */
export function violatedKey(error: unknown): string | undefined {
  for (const each of chain(error)) {
    const backend = builtInBackends.find((candidate) => candidate.isUniqueViolation(each))
    if (backend !== undefined) return backend.violatedKey(each)
  }
  return undefined
}

/** Of PostgreSQL and of MySQL; SQLite takes any length. */
const TOO_LONG = ['22001', 'ER_DATA_TOO_LONG']

/** Whether a row was refused because a string is longer than its column. */
export const isTooLong = (error: unknown): boolean =>
  some(error, (each) => TOO_LONG.includes(String((each as { code?: unknown }).code)))

/** Whether the database could not be reached, refused us, or was too busy: another try later may succeed. */
export const isConnectionError = (error: unknown): boolean =>
  some(error, (each) => builtInBackends.some((backend) => backend.isConnectionError(each)))
