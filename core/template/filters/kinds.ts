/** What filters are made of: the marks that tell the engine how to treat them, and readings of their arguments. */
import { stringify } from '../stringify.ts'
import type { Filter } from '../filter.ts'
import { handlePromise } from '../promises.ts'
import { isPlainObject } from '../syntax/lookup.ts'

/** A filter of texts: whatever comes in is made a text first. What was marked stays marked. */
export function safeText(filter: (text: string, argument: unknown) => string): Filter {
  return Object.assign((value: unknown, argument?: unknown) => filter(String(stringify(value)), argument), {
    isSafe: true,
  })
}

/** A filter of texts that may bring in or cut through HTML: what was marked is not marked any more. */
export function text(filter: (text: string, argument: unknown) => unknown): Filter {
  return (value, argument) => filter(String(stringify(value)), argument)
}

/** A filter that gets marked texts as they are. */
export function seesMarks(filter: Filter): Filter {
  return Object.assign(filter, { seesMarks: true })
}

/** A whole number, or undefined for what is none. */
export function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'string') return undefined
  if (typeof value === 'string' && !/^\s*[-+]?\d+\s*$/.test(value)) return undefined
  return Number.isFinite(Number(value)) ? Math.trunc(Number(value)) : undefined
}

/** The longest string, in characters, that a filter pads to. A larger width counts as an invalid argument. */
export const MAX_WIDTH = 10_000

/** A value as a number; NaN for other values. Never throws, whatever a client has sent. */
export function numeric(value: unknown): number {
  if (typeof value === 'string') return value.trim() === '' ? Number.NaN : Number(value)
  if (value === null || value === undefined || Array.isArray(value)) return Number.NaN
  try {
    return Number(value)
  } catch {
    // A symbol, or JSON such as {"valueOf": 1}.
    return Number.NaN
  }
}

/** A list's entries or a text's characters; undefined for anything else. */
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
