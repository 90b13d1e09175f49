/** Reads and writes Python pickles of plain data, without executing code. A byte string has one character per byte. */
import { NotJson, stringifyJson } from '../json.ts'
import { loadsPickle } from './reader.ts'
import { dumpsPickle } from './writer.ts'
export { BrokenPickle, loadsPickle, readPickle, RefusedPickle } from './reader.ts'
export { dumpsPickle, pickledFloat } from './writer.ts'

/**
 * A string by which plain values can be compared: JSON, or a pickle if JSON cannot represent the value.
 * @throws NotJson for a value that neither can represent
 */
export function plainText(value: unknown, name?: string): string {
  try {
    return stringifyJson(value, name)
  } catch (error) {
    if (!(error instanceof NotJson)) throw error
    return dumpsPickle(value, name)
  }
}

/** A deep copy that preserves the recorded spellings of the original. */
export const copyPlain = <T>(value: T, name?: string): T => loadsPickle(dumpsPickle(value, name)) as T
