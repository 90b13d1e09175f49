/** What Django's templates take for true, equal, smaller and contained. */
import { unmarked } from '../safe.ts'
import { isPlainObject } from './lookup.ts'

/** Python's truth: empty texts, lists, maps, sets and plain objects are false, and so is 0. */
export function isTrue(given: unknown): boolean {
  const value = unmarked(given)
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Map || value instanceof Set || value instanceof URLSearchParams) return value.size > 0
  return isPlainObject(value) ? Object.keys(value).length > 0 : Boolean(value)
}

/** Equal by value: texts whether marked or not, dates, lists entry by entry. Nothing equals nothing. */
export function isEqual(left: unknown, right: unknown): boolean {
  const [a, b] = [unmarked(left), unmarked(right)]
  if (a === b) return true
  if (a === null || a === undefined) return b === null || b === undefined
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, i) => isEqual(entry, b[i]))
  }
  if (typeof a === 'bigint' || typeof b === 'bigint') return isNumber(a) && isNumber(b) && Number(a) === Number(b)
  return false
}

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'

/** Negative, 0 or positive as `left` comes before, with or after `right`; NaN where they have no order. */
export function compare(left: unknown, right: unknown): number {
  const [a, b] = [unmarked(left), unmarked(right)]
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : a === b || Number(a) === Number(b) ? 0 : Number.NaN
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime()
  return Number.NaN
}

/** Python's `in`: a part of a text, an entry of a list or set, a key of a map or object. */
export function isIn(entry: unknown, given: unknown): boolean {
  const container = unmarked(given)
  if (typeof container === 'string') return typeof unmarked(entry) === 'string' && container.includes(String(entry))
  if (typeof container !== 'object' || container === null) return false
  if (container instanceof Map || container instanceof URLSearchParams)
    return container.has(String(entry)) || isKey(container, entry)
  if (Symbol.iterator in container) return [...(container as Iterable<unknown>)].some((each) => isEqual(each, entry))
  return Object.hasOwn(container, String(entry))
}

const isKey = (container: object, entry: unknown): boolean => container instanceof Map && container.has(unmarked(entry))
