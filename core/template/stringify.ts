/** Converts values to strings, as templates print them. */
import { inspect } from 'node:util'
import { formatDate } from './dateformat.ts'
import { refusePromise, UnawaitedPromise } from './promises.ts'
import { conditionalEscape, SafeString } from './safe.ts'
import { isPlainObject } from './syntax/lookup.ts'

const PRINTED = 'A value that is printed'

/** The JSON of a value; undefined for a value that JSON cannot represent. @throws UnawaitedPromise */
export function jsonOf(value: unknown, convert = (entry: unknown): unknown => entry): string | undefined {
  return JSON.stringify(value, (_key, entry: unknown) => refusePromise(convert(entry), PRINTED))
}

function asJson(value: object): string {
  try {
    return jsonOf(value) as string
  } catch (error) {
    if (error instanceof UnawaitedPromise) throw error
    // The value is circular, or contains a bigint.
    return inspect(value, { depth: 4 })
  }
}

/** Converts a value to a string: lists and plain objects to JSON, others with String(). */
export function stringOf(value: unknown): string {
  if (Array.isArray(value) || isPlainObject(value)) return asJson(value)
  return typeof value === 'object' && value !== null ? (value as { toString(): string }).toString() : String(value)
}

/**
 * Converts a value to what a template prints, before it is escaped: an empty string for null and undefined, a date in
 * DATETIME_FORMAT, lists and plain objects as JSON.
 * @throws UnawaitedPromise
 */
export function stringify(value: unknown): string | SafeString {
  if (typeof value === 'string' || value instanceof SafeString) return value
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return formatDate(value, 'DATETIME_FORMAT')
  return stringOf(refusePromise(value, PRINTED))
}

/** Converts a value to HTML: escaped, unless it is safe or `autoescape` is off. @throws UnawaitedPromise */
export function toHtml(value: unknown, autoescape: boolean): string {
  const string = stringify(value)
  return String(autoescape ? conditionalEscape(string) : string)
}
