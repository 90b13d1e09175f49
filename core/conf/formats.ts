/** Formats that a setting's value may have: what is accepted, how it is described, how it is read from a text. */
import { formatValue } from '#core/utils'

export interface Format<T> {
  /** What a reader should put there: `a whole number, 0 or more`. */
  readonly expected: string
  accepts(value: unknown): value is T
  /** A sentence of its own where `expected … found …` would not tell what is wrong inside a value. */
  problem?(value: unknown): string | undefined
  /** Reads the value of an environment variable; undefined where the text is none of ours. Absent: not settable so. */
  fromText?(text: string): T | undefined
}

export type ValueOf<F> = F extends Format<infer T> ? T : never

/** What is wrong with a value, or undefined. A secret value is described by its type alone. */
export function problemWith(format: Format<unknown>, value: unknown, secret = false): string | undefined {
  const special = format.problem?.(value)
  if (special !== undefined) return special
  if (format.accepts(value)) return undefined
  const found = secret
    ? `a ${value === null ? 'null' : typeof value} (not shown: it may be a secret)`
    : formatValue(value)
  return `expected ${format.expected}, found ${found}`
}

export const boolean: Format<boolean> = {
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
  fromText: (text) => ({ true: true, '1': true, false: false, '0': false })[text.toLowerCase()],
}

/** A whole number of `unit`, at least `min` where given. */
export function integer(unit = '', min = Number.MIN_SAFE_INTEGER): Format<number> {
  const least = min === Number.MIN_SAFE_INTEGER ? '' : `, ${min} or more`
  return {
    expected: `a whole number${unit && ` of ${unit}`}${least}`,
    accepts: (value): value is number => Number.isSafeInteger(value) && (value as number) >= min,
    fromText: (text) => (/^-?\d+$/.test(text) ? Number(text) : undefined),
  }
}

/** A number of `unit`, fractions allowed, at least `min`. */
export function number(unit: string, min: number): Format<number> {
  return {
    expected: `a number of ${unit}, ${min} or more`,
    accepts: (value): value is number => Number.isFinite(value) && (value as number) >= min,
    fromText: (text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined),
  }
}

export const text: Format<string> = {
  expected: 'a text',
  accepts: (value) => typeof value === 'string',
  fromText: (value) => value,
}

export const filledText: Format<string> = {
  expected: 'a text that is not empty',
  accepts: (value): value is string => typeof value === 'string' && value !== '',
  fromText: (value) => value,
}

/** The name of a cookie: a token as in RFC 6265. */
export const cookieName: Format<string> = {
  expected: "the name of a cookie (letters, digits and !#$%&'*+-.^_`|~)",
  accepts: (value): value is string => typeof value === 'string' && /^[\w!#$%&'*+\-.^`|~]+$/.test(value),
  fromText: (value) => value,
}

function isRegExp(value: unknown): value is RegExp | string {
  try {
    return value instanceof RegExp || (typeof value === 'string' && new RegExp(value) instanceof RegExp)
  } catch {
    return false
  }
}

/** As such, or as Django has it: as a text. */
export const regExp: Format<RegExp | string> = {
  expected: 'a regular expression, or the text of one',
  accepts: isRegExp,
}

export const unchecked: Format<unknown> = {
  expected: 'any value',
  accepts: (value): value is unknown => value !== undefined,
}

export function oneOf<const T extends readonly (string | number | boolean | null)[]>(...values: T): Format<T[number]> {
  return {
    expected: values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(' or '),
    accepts: (value): value is T[number] => values.includes(value as T[number]),
    fromText: (given) => values.find((value) => String(value) === given),
  }
}

export function nullable<T>(format: Format<T>): Format<T | null> {
  return {
    expected: `${format.expected}, or null`,
    accepts: (value): value is T | null => value === null || format.accepts(value),
    ...(format.problem && { problem: (value: unknown) => (value === null ? undefined : format.problem?.(value)) }),
    ...(format.fromText && { fromText: (given: string) => (given === '' ? null : format.fromText?.(given)) }),
  }
}

export function listOf<T>(item: Format<T>, what = item.expected): Format<readonly T[]> {
  return {
    expected: `a list, each entry ${what}`,
    accepts: (value): value is readonly T[] => Array.isArray(value) && value.every((entry) => item.accepts(entry)),
    problem(value) {
      if (!Array.isArray(value)) return undefined
      const at = value.findIndex((entry) => !item.accepts(entry))
      return at < 0 ? undefined : `entry ${at} should be ${what}, found ${formatValue(value[at])}`
    },
    ...(item === (text as unknown) && {
      fromText: (given: string) =>
        given
          .split(',')
          .map((entry) => entry.trim())
          .filter((entry) => entry !== '') as unknown as readonly T[],
    }),
  }
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** An object of any names, each value of one format. */
export function dictOf<T>(item: Format<T>, what = `each value ${item.expected}`): Format<Readonly<Record<string, T>>> {
  return {
    expected: `an object, ${what}`,
    accepts: (value): value is Readonly<Record<string, T>> =>
      isPlainObject(value) && Object.values(value).every((entry) => item.accepts(entry)),
    problem(value) {
      if (!isPlainObject(value)) return undefined
      for (const [key, entry] of Object.entries(value)) {
        const problem = problemWith(item, entry, true)
        if (problem !== undefined) return `'${key}': ${problem}`
      }
      return undefined
    },
  }
}

type Shape = Readonly<Record<string, Format<unknown>>>
type Required<S extends Shape, R extends keyof S> = { readonly [K in R]: ValueOf<S[K]> }
type Optional<S extends Shape, R extends keyof S> = { readonly [K in Exclude<keyof S, R>]?: ValueOf<S[K]> }

/** An object with names known beforehand, of which some must be there. A name that is not known is refused. */
export function shape<const S extends Shape, const R extends keyof S & string>(
  entries: S,
  required: readonly R[],
): Format<Required<S, R> & Optional<S, R>> {
  const names = Object.keys(entries)
  const problem = (value: unknown): string | undefined => {
    if (!isPlainObject(value)) return undefined
    for (const name of required) if (!(name in value)) return `${name} is missing`
    for (const [name, entry] of Object.entries(value)) {
      const format = entries[name]
      if (format === undefined) return `${name} is not known here; known are ${names.join(', ')}`
      const inside = problemWith(format, entry, /PASSWORD|SECRET|LOCATION/.test(name))
      if (inside !== undefined) return `${name}: ${inside}`
    }
    return undefined
  }
  return {
    expected: `an object with ${names.join(', ')}`,
    accepts: (value): value is Required<S, R> & Optional<S, R> => isPlainObject(value) && problem(value) === undefined,
    problem,
  }
}
