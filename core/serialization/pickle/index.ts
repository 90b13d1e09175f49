/** Python's pickles of plain values, read and written without ever running one; bytes are characters up to U+00FF. */
import { NotJson, stringifyJson } from '../json.ts'
import { loadsPickle } from './reader.ts'
import { dumpsPickle } from './writer.ts'
export { BrokenPickle, loadsPickle, readPickle, RefusedPickle } from './reader.ts'
export { dumpsPickle, pickledFloat } from './writer.ts'

/**
 * A text by which plain values can be compared: JSON, or a pickle of what JSON cannot hold.
 * @throws NotJson for what is no plain value
 */
export function plainText(value: unknown, name?: string): string {
  try {
    return stringifyJson(value, name)
  } catch (error) {
    if (!(error instanceof NotJson)) throw error
    return dumpsPickle(value, name)
  }
}

/** A copy in which nothing is shared with the original, and nothing that was remembered of it is lost. */
export const copyPlain = <T>(value: T, name?: string): T => loadsPickle(dumpsPickle(value, name)) as T
