/** Makes an Error of whatever was thrown, so that code which reports it can read it. */
import { shown } from './words.ts'

/** Whether name and message can be read. A getter or a proxy could throw, or give something that is no string. */
const isReadable = (error: Error): boolean => typeof error.name === 'string' && typeof error.message === 'string'

/** `read()`, or undefined where that throws. */
export function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/**
 * The error itself where its name and message can be read, else a new one that says as much as can be known. Never
 * throws.
 */
export function asError(thrown: unknown): Error {
  const isError = readable(() => thrown instanceof Error) === true
  if (isError && readable(() => isReadable(thrown as Error)) === true) return thrown as Error
  if (!isError) return new Error(`Something that is no Error was thrown: ${shown(thrown)}`)
  const message = readable((): unknown => (thrown as Error).message)
  return new Error(`An error that cannot be read was thrown: ${shown(message)}`)
}
