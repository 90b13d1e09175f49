/** Filters of lists: join, first, last, slice, dictsort, unordered_list and their like. */
import { randomInt } from 'node:crypto'
import { stringify, stringOf } from '../stringify.ts'
import type { Filter } from '../filter.ts'
import { conditionalEscape, markSafe, unmarked } from '../safe.ts'
import { refusePromise } from '../promises.ts'
import { member } from '../syntax/lookup.ts'
import { compare } from '../syntax/condition.ts'
import { seesMarks, sequence, wholeNumber } from './kinds.ts'

function length(value: unknown): number {
  if (value instanceof Map || value instanceof Set || value instanceof URLSearchParams) return value.size
  return sequence(value)?.length ?? 0
}

/** Joins entries; they and the text between them are escaped, unless they are marked. */
const join: Filter = seesMarks((value, argument, options) => {
  const entries = sequence(unmarked(value))
  if (entries === undefined) return value
  const part = (entry: unknown): string =>
    String(options?.autoescape === true ? conditionalEscape(stringify(entry)) : stringify(entry))
  return markSafe(entries.map(part).join(part(argument ?? '')))
})

/** Python's `[start:end:step]`. */
function slice(value: unknown, argument: unknown): unknown {
  const entries = sequence(value)
  const parts = stringOf(argument).split(':')
  const numbers = parts.map((part) => (part.trim() === '' ? undefined : wholeNumber(part)))
  const isWrong = parts.some((part, i) => part.trim() !== '' && numbers[i] === undefined)
  if (entries === undefined || isWrong || parts.length > 3) return value
  const [from, to, step = 1] = parts.length === 1 ? [undefined, numbers[0]] : numbers
  if (step === 0) return value
  const picked =
    step > 0
      ? entries.slice(from, to).filter((_, i) => i % step === 0)
      : backwards(entries, from, to).filter((_, i) => i % -step === 0)
  return typeof value === 'string' ? picked.join('') : picked
}

/** From `from` down to, but without, `to`. */
function backwards(entries: unknown[], from: number | undefined, to: number | undefined): unknown[] {
  const index = (at: number): number => (at < 0 ? at + entries.length : at)
  const first = from === undefined ? entries.length - 1 : Math.min(index(from), entries.length - 1)
  const end = to === undefined ? -1 : index(to)
  return entries.slice(end + 1, first + 1).toReversed()
}

/** Levels of nested lists that are written; deeper ones are left out. */
const MAX_LEVELS = 100

/** Most characters of the name that entries are sorted by; a longer one is invalid. */
const MAX_NAME_LENGTH = 255

/** By an attribute, dotted where it lies deeper, or by an index. */
function sorted(value: unknown, argument: unknown): unknown[] | '' {
  const entries = sequence(value)
  const name = stringOf(argument)
  if (entries === undefined || name.length > MAX_NAME_LENGTH) return ''
  const names = name.split('.')
  const key = (entry: unknown): unknown =>
    names.reduce((at, each) => refusePromise(member(at, each), `'${each}' of an entry`), entry)
  // Entries that have no order between them stay as they are.
  return entries
    .map((entry): [key: unknown, entry: unknown] => [key(entry), entry])
    .toSorted(([a], [b]) => compare(a, b) || 0)
    .map(([, entry]) => entry)
}

const unorderedList: Filter = seesMarks((value, _, options) => {
  const escaped = (entry: unknown): string =>
    String(options?.autoescape === true ? conditionalEscape(stringify(entry)) : stringify(entry))
  const list = (entries: unknown[], depth: number): string => {
    const indent = '\t'.repeat(depth)
    const items: string[] = []
    for (const [i, entry] of entries.entries()) {
      if (Array.isArray(entry)) continue
      const next = entries[i + 1]
      const below =
        Array.isArray(next) && depth < MAX_LEVELS
          ? `\n${indent}<ul>\n${list(next, depth + 1)}\n${indent}</ul>\n${indent}`
          : ''
      items.push(`${indent}<li>${escaped(entry)}${below}</li>`)
    }
    return items.join('\n')
  }
  return markSafe(list(sequence(value) ?? [], 1))
})

export const listFilters: Readonly<Record<string, Filter>> = {
  dictsort: sorted,
  dictsortreversed: (value, argument) => {
    const list = sorted(value, argument)
    return list === '' ? '' : list.toReversed()
  },
  first: (value) => sequence(value)?.[0] ?? '',
  join,
  last: (value) => sequence(value)?.at(-1) ?? '',
  length,
  length_is: (value, argument) => length(value) === wholeNumber(argument),
  random: (value) => {
    const entries = sequence(value) ?? []
    return entries.length === 0 ? '' : entries[randomInt(entries.length)]
  },
  safeseq: (value) => (sequence(value) ?? []).map((each) => markSafe(stringify(each))),
  slice: Object.assign(slice, { isSafe: true }),
  unordered_list: unorderedList,
}
