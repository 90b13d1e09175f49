/** What `{% for %}` goes through. */
import { handlePromise } from '../promises.ts'
import { unmarked } from '../safe.ts'
import { isPlainObject } from '../syntax/lookup.ts'

/**
 * The entries of a list, set, text or whatever can be gone through. Of a map or an object its keys, as in Python;
 * or, where the loop has two names, its keys with their values.
 * Promises among them are handled: the page fails at the first one that is used, and never uses the others.
 * @param names how many names the loop has
 * @param text the expression, for the error
 */
export function entriesOf(given: unknown, names: number, text: string): unknown[] {
  const entries = entriesIn(given, names, text)
  for (const entry of entries) if (typeof entry === 'object') handlePromise(entry)
  return entries
}

function entriesIn(given: unknown, names: number, text: string): unknown[] {
  const value = unmarked(given)
  if (value === null || value === undefined || value === '') return []
  if (Array.isArray(value)) return value
  if (value instanceof Map) return names > 1 ? [...(value as Map<unknown, unknown>)] : [...value.keys()]
  if (typeof value === 'string') return Array.from(value)
  if (typeof value === 'object' && Symbol.iterator in value) return [...(value as Iterable<unknown>)]
  if (isPlainObject(value)) return names > 1 ? Object.entries(value) : Object.keys(value)
  throw new TypeError(`'for … in ${text}' cannot go through a ${typeof value}: it wants a list.`)
}
