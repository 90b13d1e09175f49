/** The formats that values of settings can have: what is valid, and how an environment variable is parsed. */
import { didYouMean, isSecretName, joinWithAnd } from '#core/utils'
import { defineFormat, describe, type Format, invalidValues, problemWith, quoted } from './validation.ts'

export type ValueOf<F> = F extends Format<infer T> ? T : never

export const boolean = defineFormat<boolean>({
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
  parse: (text) => ({ true: true, '1': true, false: false, '0': false })[text.toLowerCase()],
})

/** A whole number of `unit`, at least `min` if given. */
export function integer(unit = '', min = Number.MIN_SAFE_INTEGER): Format<number> {
  const least = min === Number.MIN_SAFE_INTEGER ? '' : `, ${min} or more`
  return defineFormat({
    expected: `a whole number${unit && ` of ${unit}`}${least}`,
    accepts: (value): value is number => Number.isSafeInteger(value) && (value as number) >= min,
    parse: (text) => (/^-?\d+$/.test(text) ? Number(text) : undefined),
  })
}

/** A number of `unit`, at least `min`, that may have a fraction. */
export function number(unit: string, min: number): Format<number> {
  return defineFormat({
    expected: `a number of ${unit}, ${min} or more`,
    accepts: (value): value is number => Number.isFinite(value) && (value as number) >= min,
    parse: (text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined),
  })
}

/**
 * A string.
 * @param isValid absent: every string is valid
 */
export function stringFormat(expected: string, isValid: (text: string) => boolean = () => true): Format<string> {
  return defineFormat({
    expected,
    accepts: (value): value is string => typeof value === 'string' && isValid(value),
    parse: (text) => text,
  })
}

export const string = stringFormat('a string')
export const nonEmptyString = stringFormat('a string that is not empty', (text) => text !== '')

/** The name of a cookie: a token as in RFC 6265. */
export const cookieName = stringFormat("the name of a cookie (letters, digits and !#$%&'*+-.^_`|~)", (text) =>
  /^[\w!#$%&'*+\-.^`|~]+$/.test(text),
)

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format()
    return name !== ''
  } catch {
    return false
  }
}

export const timeZone = stringFormat("the IANA name of a time zone, such as 'UTC' or 'Europe/Paris'", isTimeZone)

function isRegExp(value: unknown): value is RegExp | string {
  try {
    return value instanceof RegExp || (typeof value === 'string' && new RegExp(value) instanceof RegExp)
  } catch {
    return false
  }
}

/** A RegExp, or its source as in Django. */
export const regExp = defineFormat<RegExp | string>({
  expected: 'a regular expression, or its source as a string',
  accepts: isRegExp,
})

/** A value of one of several types, or of a class. */
export function anyOf<T>(expected: string, accepts: (value: unknown) => value is T): Format<T> {
  return defineFormat({ expected, accepts })
}

export const unchecked = anyOf('any value', (value): value is unknown => value !== undefined)

export function oneOf<const T extends readonly (string | number | boolean | null)[]>(...values: T): Format<T[number]> {
  return defineFormat({
    expected: values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(' or '),
    accepts: (value): value is T[number] => values.includes(value as T[number]),
    parse: (text) => values.find((value) => String(value) === text),
  })
}

export function nullable<T>(format: Format<T>): Format<T | null> {
  return defineFormat({
    expected: `${format.expected}, or null`,
    accepts: (value): value is T | null => value === null || format.accepts(value),
    ...(format.problemInside && { problemInside: (value, isSecret) => format.problemInside?.(value, isSecret) }),
    ...(format.parse && { parse: (text: string) => (text === '' ? null : format.parse?.(text)) }),
  })
}

export function listOf<T>(item: Format<T>): Format<readonly T[]> {
  const { expected } = item
  return defineFormat<readonly T[]>({
    expected: `a list, each entry ${expected}`,
    accepts: (value): value is readonly T[] => Array.isArray(value) && value.every((entry) => item.accepts(entry)),
    problemInside(value, isSecret) {
      if (!Array.isArray(value)) return undefined
      const at = value.findIndex((entry) => !item.accepts(entry))
      const inside = item.problemInside?.(value[at], isSecret)
      return inside === undefined
        ? `entry ${at} should be ${expected}, found ${describe(value[at], isSecret)}`
        : `entry ${at}: ${inside}`
    },
    ...(item === (string as unknown) && {
      parse: (text: string) =>
        text
          .split(',')
          .map((entry) => entry.trim())
          .filter((entry) => entry !== '') as unknown as readonly T[],
    }),
  })
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** An object with any names, and values of one format. */
export function dictOf<T>(item: Format<T>, what = `each value ${item.expected}`): Format<Readonly<Record<string, T>>> {
  return defineFormat<Readonly<Record<string, T>>>({
    expected: `an object, ${what}`,
    accepts: (value): value is Readonly<Record<string, T>> =>
      isPlainObject(value) && Object.values(value).every((entry) => item.accepts(entry)),
    problemInside(value, isSecret) {
      if (!isPlainObject(value)) return undefined
      const problems = Object.entries(value).flatMap(([key, entry]) => {
        const problem = problemWith(item, entry, isSecret || isSecretName(key))
        return problem === undefined ? [] : [`${quoted(key)}: ${problem}`]
      })
      return problems.join('; ')
    },
  })
}

type Shape = Readonly<Record<string, Format<unknown>>>
type Required<S extends Shape, R extends keyof S> = { readonly [K in R]: ValueOf<S[K]> }
type Optional<S extends Shape, R extends keyof S> = { readonly [K in Exclude<keyof S, R>]?: ValueOf<S[K]> }

/** Entries that may hold a password though their names do not say so. */
const MAY_BE_SECRET = new Set(['LOCATION', 'OPTIONS', 'TEST'])

/** An object with known names, some of them required. The value of a name that is no secret may be shown. */
export function shape<const S extends Shape, const R extends keyof S & string>(
  entries: S,
  required: readonly R[],
): Format<Required<S, R> & Optional<S, R>> {
  const names = Object.keys(entries)
  const known = new Map(
    Object.entries(entries).map(([name, format]) => [
      name,
      { format, isSecret: isSecretName(name) || MAY_BE_SECRET.has(name) },
    ]),
  )
  return defineFormat<Required<S, R> & Optional<S, R>>({
    expected: `an object with ${names.join(', ')}`,
    accepts: (value): value is Required<S, R> & Optional<S, R> =>
      isPlainObject(value) &&
      required.every((name) => Object.hasOwn(value, name)) &&
      Object.entries(value).every(([name, entry]) => known.get(name)?.format.accepts(entry) === true),
    problemInside(value) {
      if (!isPlainObject(value)) return undefined
      const missing = required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${name} is missing`)
      const unknown = Object.keys(value)
        .filter((name) => !known.has(name))
        .map((name) => `${name} is not known here.${didYouMean(name, names)} Known are ${joinWithAnd(names)}`)
      return [...missing, ...unknown, ...invalidValues(known, value)].join('; ')
    },
  })
}
