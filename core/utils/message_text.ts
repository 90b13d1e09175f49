/** Parts of error messages: similar names, lists, and values in a readable form. */
import { inspect } from 'node:util'

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
