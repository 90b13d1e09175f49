/**
 * Strings: trimmed, searched and measured in linear time, where a regular expression such as `x+$` takes quadratic time;
 * the regular expressions of settings; and parts of error messages: similar names, lists, and values in a readable form.
 */
import { inspect } from 'node:util'

/** Removes the given characters from the end of a string. */
export function trimEndOf(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text[end - 1] as string)) end--
  return text.slice(0, end)
}

/** Removes the given characters from both ends of a string. */
export function trimOf(text: string, characters: string): string {
  const left = trimEndOf(text, characters)
  let start = 0
  while (start < left.length && characters.includes(left[start] as string)) start++
  return left.slice(start)
}

/**
 * Returns `text.indexOf(wanted, from)` for values of `from` that never become smaller. All calls together take linear
 * time, also where the string is absent.
 */
export function indexFinder(text: string, wanted: string): (from: number) => number {
  let next = -1
  let isOver = false
  return (from) => {
    if (!isOver && next < from) {
      next = text.indexOf(wanted, from)
      isOver = next < 0
    }
    return isOver ? -1 : next
  }
}

/** Whether a string has more than `limit` characters (code points), in a time that does not depend on its length. */
export const isLongerThan = (value: string, limit: number): boolean =>
  // A character has one or two code units, so that only lengths between the two limits have to be counted.
  value.length > limit && (value.length > 2 * limit || Array.from(value).length > limit)

/** Whether one of the patterns is found in a text. What a pattern remembers of an earlier search does not matter. */
export function someMatch(patterns: readonly RegExp[], text: string): boolean {
  return patterns.some((pattern) => text.search(pattern) >= 0)
}

export const compilePatterns = (patterns: readonly (RegExp | string)[]): RegExp[] =>
  patterns.map((pattern) => new RegExp(pattern))

/** The number of insertions, deletions, substitutions and swaps of neighbours between two strings. */
function distance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const transposed = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = transposed ? (beforePrevious[j - 2] as number) + 1 : Number.POSITIVE_INFINITY
      row[j] = Math.min((previous[j] as number) + 1, (row[j - 1] as number) + 1, substitution, swap)
    }
    beforePrevious = previous
    previous = row
  }
  return previous[b.length] as number
}

/** The known name that was probably meant: it differs by at most two typing errors, or one in a name of up to four characters. */
export function closestMatch(name: string, known: Iterable<string>): string | undefined {
  const allowed = name.length < 5 ? 1 : 2
  let best: string | undefined
  let bestDistance = allowed + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) > allowed) continue
    const d = distance(name.toLowerCase(), candidate.toLowerCase())
    if (d < bestDistance) {
      best = candidate
      bestDistance = d
    }
  }
  return best
}

/** ` Did you mean 'x'?`; empty if no known name is similar. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = closestMatch(name, known)
  return near === undefined ? '' : ` Did you mean '${near}'?`
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'a value that JSON omits'
  } catch {
    // It contains itself or a bigint, or is nested too deeply for JSON.
    return inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY })
  }
}

/** Whether a value was declared with `class`, so that it cannot be called without `new`. */
export const isClass = (value: unknown): boolean =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))

function describe(value: unknown): string {
  if (typeof value === 'function') {
    const kind = isClass(value) ? 'class' : 'function'
    return value.name ? `the ${kind} ${value.name}` : `a ${kind}`
  }
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Date || value instanceof RegExp) return String(value)
  if (typeof value === 'symbol' || value === undefined) return String(value)
  return jsonOf(value)
}

/** A value for an error message: at most 80 characters, in the notation of JavaScript. Never throws. */
export function formatValue(value: unknown): string {
  try {
    const text = describe(value)
    return text.length > 80 ? `${text.slice(0, 77)}...` : text
  } catch {
    // A proxy or a getter that throws.
    return `a value of type ${typeof value} that cannot be shown`
  }
}

/** `a, b and c`; `nothing` for an empty list. */
export function joinWithAnd(names: Iterable<string>): string {
  const all = [...names]
  if (all.length === 0) return 'nothing'
  if (all.length === 1) return all[0] as string
  return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}
