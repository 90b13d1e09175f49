/** Helpers for filters: string filters, safe strings, and the conversion of arguments. */
import { stringify } from '../stringify.ts'
import type { Filter } from '../library.ts'
import { handlePromise } from '../promises.ts'
import { isPlainObject } from '../syntax/lookup.ts'

/** A filter that converts its value to a string. A safe string stays safe. */
export function safeStringFilter(filter: (string: string, argument: unknown) => string): Filter {
  return Object.assign((value: unknown, argument?: unknown) => filter(String(stringify(value)), argument), {
    isSafe: true,
  })
}

/** A filter that converts its value to a string, and whose result is not safe because it may add or break HTML. */
export function stringFilter(filter: (string: string, argument: unknown) => unknown): Filter {
  return (value, argument) => filter(String(stringify(value)), argument)
}

/** A filter that receives safe strings as SafeString objects. */
export function receivesSafeStrings(filter: Filter): Filter {
  return Object.assign(filter, { receivesSafeStrings: true })
}

/** Converts a value to an integer; undefined if it is not a number. */
export function toInteger(value: unknown): number | undefined {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'string') return undefined
  if (typeof value === 'string' && !/^\s*[-+]?\d+\s*$/.test(value)) return undefined
  return Number.isFinite(Number(value)) ? Math.trunc(Number(value)) : undefined
}

/** The greatest width in characters to which filters pad. A greater one is an invalid argument. */
export const MAX_WIDTH = 10_000

/** Converts a value to a number; NaN if it is not a number. Never throws, because the value may come from a client. */
export function toNumber(value: unknown): number {
  if (typeof value === 'string') return value.trim() === '' ? Number.NaN : Number(value)
  if (value === null || value === undefined || Array.isArray(value)) return Number.NaN
  try {
    return Number(value)
  } catch {
    // A symbol, or JSON such as {"valueOf": 1}.
    return Number.NaN
  }
}

/** The entries of an iterable, the characters of a string or the keys of an object; undefined for other values. */
export function sequence(value: unknown): unknown[] | undefined {
  const entries = entriesIn(value)
  for (const entry of entries ?? []) if (typeof entry === 'object') handlePromise(entry)
  return entries
}

function entriesIn(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value
  if (typeof value === 'string') return Array.from(value)
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) return [...(value as Iterable<unknown>)]
  return isPlainObject(value) ? Object.keys(value) : undefined
}
