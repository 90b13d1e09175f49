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

/** Whether the database could not be reached, refused us, or was too busy: another try later may succeed. */
export const isConnectionError = (error: unknown): boolean =>
  some(error, (each) => builtInBackends.some((backend) => backend.isConnectionError(each)))
