/** Filters for lists: dictsort, first, join, last, length, slice, unordered_list and others. */
import { randomInt } from 'node:crypto'
import { markSafe, stringify, stringOf, toHtml, unwrapSafe } from '../safe.ts'
import { type Filter, receivesSafeStrings, sequence, toInteger } from '../library.ts'
import { refusePromise } from '../promises.ts'
import { lookupMember } from '../syntax/lookup.ts'
import { compare } from '../syntax/condition.ts'

function length(value: unknown): number {
  if (value instanceof Map || value instanceof Set || value instanceof URLSearchParams) return value.size
  return sequence(value)?.length ?? 0
}

/** Joins entries. The entries and the separator are escaped, unless they are safe. */
const join: Filter = receivesSafeStrings((value, argument, options) => {
  const entries = sequence(unwrapSafe(value))
  if (entries === undefined) return value
  const part = (entry: unknown): string => toHtml(entry, options?.autoescape === true)
  return markSafe(entries.map(part).join(part(argument ?? '')))
})

/** Python's `[start:end:step]`. */
function slice(value: unknown, argument: unknown): unknown {
  const entries = sequence(value)
  const parts = stringOf(argument).split(':')
  const numbers = parts.map((part) => (part.trim() === '' ? undefined : toInteger(part)))
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

/** The entries from `from` down to `to`, which is excluded. */
function backwards(entries: unknown[], from: number | undefined, to: number | undefined): unknown[] {
  const index = (at: number): number => (at < 0 ? at + entries.length : at)
  const first = from === undefined ? entries.length - 1 : Math.min(index(from), entries.length - 1)
  const end = to === undefined ? -1 : index(to)
  return entries.slice(end + 1, first + 1).toReversed()
}

/** Levels of nested lists that are printed. Deeper lists are left out. */
const MAX_LEVELS = 100

/** The greatest length of the name to sort by. A longer one is invalid. */
const MAX_NAME_LENGTH = 255

/** Sorts by a property, a path of properties with dots, or an index. */
function sortByKey(value: unknown, argument: unknown): unknown[] | '' {
  const entries = sequence(value)
  const name = stringOf(argument)
  if (entries === undefined || name.length > MAX_NAME_LENGTH) return ''
  const names = name.split('.')
  const key = (entry: unknown): unknown =>
    names.reduce((at, each) => refusePromise(lookupMember(at, each), `'${each}' of an entry`), entry)
  // Entries that cannot be compared keep their order.
  return entries
    .map((entry): [key: unknown, entry: unknown] => [key(entry), entry])
    .toSorted(([a], [b]) => compare(a, b) || 0)
    .map(([, entry]) => entry)
}

const unorderedList: Filter = receivesSafeStrings((value, _, options) => {
  const escaped = (entry: unknown): string => toHtml(entry, options?.autoescape === true)
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
  dictsort: sortByKey,
  dictsortreversed: (value, argument) => {
    const list = sortByKey(value, argument)
    return list === '' ? '' : list.toReversed()
  },
  first: (value) => sequence(value)?.[0] ?? '',
  join,
  last: (value) => sequence(value)?.at(-1) ?? '',
  length,
  length_is: (value, argument) => length(value) === toInteger(argument),
  random: (value) => {
    const entries = sequence(value) ?? []
    return entries.length === 0 ? '' : entries[randomInt(entries.length)]
  },
  safeseq: (value) => (sequence(value) ?? []).map((each) => markSafe(stringify(each))),
  slice: Object.assign(slice, { isSafe: true }),
  unordered_list: unorderedList,
}
