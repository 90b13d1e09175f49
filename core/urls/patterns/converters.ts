/** Path converters: the strings that `<converter:name>` in a route matches, and the values that views receive. */
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue } from '#core/utils'

/**
 * The type of each converter's values. A project adds its own:
 * `declare module '#core/urls' { interface ConverterTypes { yyyy: number } }`.
 */
export interface ConverterTypes {
  str: string
  int: number
  slug: string
  uuid: string
  path: string
}

export interface Converter {
  /** The strings to match: a regular expression without groups, such as `[0-9]{4}`. */
  readonly regex: string
  /**
   * Converts the string for the view; without it, the view receives the string. If it returns undefined or throws, the
   * URL does not match. A TypeError or ReferenceError is rethrown, because it is a bug in the converter.
   */
  toPython?(text: string): unknown
  /** Converts a value in `reverse`; by default, `String(value)`. Undefined or an error means no match, as above. */
  toUrl?(value: unknown): string | undefined
}

function toInteger(text: string): number | undefined {
  const value = Number(text)
  // A larger number would lose precision and refer to another row.
  return Number.isSafeInteger(value) ? value : undefined
}

const converters = new Map<string, Converter>([
  ['str', { regex: '[^/]+' }],
  ['int', { regex: '[0-9]+', toPython: toInteger }],
  ['slug', { regex: '[-a-zA-Z0-9_]+' }],
  ['uuid', { regex: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}' }],
  ['path', { regex: '.+' }],
])
const builtIn = new Set(converters.keys())

/**
 * Registers a converter for routes that are defined afterwards.
 * @param converter an instance or a class
 * @throws ImproperlyConfigured if another converter has the name, or the converter has no regex
 */
export function registerConverter(converter: Converter | (new () => Converter), name: string): void {
  const resolved = typeof converter === 'function' ? new converter() : converter
  if (typeof resolved.regex !== 'string' || resolved.regex === '') {
    throw new ImproperlyConfigured(
      `registerConverter('${name}'): the converter's regex should be a text like '[0-9]{4}', found ${formatValue(resolved.regex)}.`,
    )
  }
  const known = converters.get(name)
  const isSame = known === resolved || (typeof converter === 'function' && known instanceof converter)
  if (known !== undefined && !isSame) {
    const owner = builtIn.has(name) ? 'is built in' : 'is already registered'
    throw new ImproperlyConfigured(`registerConverter('${name}'): a converter of this name ${owner}. Choose another.`)
  }
  converters.set(name, resolved)
}

/** The converters by name. */
export const getConverters = (): ReadonlyMap<string, Converter> => converters

function orNoMatch<T>(convert: () => T): T | undefined {
  try {
    return convert()
  } catch (error) {
    if (error instanceof TypeError || error instanceof ReferenceError) throw error
    return undefined
  }
}

/** Converts a string that the converter's regex has matched; undefined if it is not valid after all. */
export function valueOf(converter: Converter, text: string): unknown {
  return converter.toPython === undefined ? text : orNoMatch(() => converter.toPython?.(text))
}

/** The string form of a value; undefined for an object without one (`[object Object]`). */
export function ownText(value: unknown): string | undefined {
  const text = (value as { toString(): string }).toString()
  return text.startsWith('[object ') ? undefined : text
}

/** Converts a value to its string in a URL; undefined if it has none. */
export function textOf(converter: Converter | undefined, value: unknown): string | undefined {
  // Otherwise the URL would contain the word "undefined".
  if (value === undefined || value === null) return undefined
  return orNoMatch(() => (converter?.toUrl === undefined ? ownText(value) : converter.toUrl(value)))
}
