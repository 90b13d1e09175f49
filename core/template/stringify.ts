/** How a value looks when a template prints it. */
import { inspect } from 'node:util'
import { formatDate } from './dateformat.ts'
import { refusePromise, UnawaitedPromise } from './promises.ts'
import { SafeString } from './safe.ts'
import { isPlainObject } from './syntax/lookup.ts'

const PRINTED = 'A value that is printed'

/** JSON of a value without promises; undefined for what JSON does not have. @throws UnawaitedPromise */
export function jsonOf(value: unknown, convert = (entry: unknown): unknown => entry): string | undefined {
  return JSON.stringify(value, (_key, entry: unknown) => refusePromise(convert(entry), PRINTED))
}

function asJson(value: object): string {
  try {
    return jsonOf(value) as string
  } catch (error) {
    if (error instanceof UnawaitedPromise) throw error
    // Circular, or with a bigint in it.
    return inspect(value, { depth: 4 })
  }
}

/** The text of a value that is written down somewhere, as an argument or in a message. */
export function stringOf(value: unknown): string {
  if (Array.isArray(value) || isPlainObject(value)) return asJson(value)
  return typeof value === 'object' && value !== null ? (value as { toString(): string }).toString() : String(value)
}

/** A marked text as it is; nothing for null and undefined; a date as Django writes one; lists and objects as JSON. */
export function stringify(value: unknown): string | SafeString {
  if (typeof value === 'string' || value instanceof SafeString) return value
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return formatDate(value, 'DATETIME_FORMAT')
  return stringOf(refusePromise(value, PRINTED))
}
