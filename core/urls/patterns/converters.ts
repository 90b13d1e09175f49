/** Path converters: which text a `<converter:name>` of a route takes, and the value that a view sees. */
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue } from '#core/utils'

/**
 * What each converter gives a view. A project adds its own:
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
  /** The text it takes: a regular expression without groups, `[0-9]{4}`. */
  readonly regex: string
  /**
   * The value for the view; without it, the text itself. Undefined means that the URL does not match, and so does an
   * error, except a TypeError or ReferenceError: those are mistakes in the converter and go on as they are.
   */
  toPython?(text: string): unknown
  /** The text for a value, in `reverse`; without it, `String(value)`. Undefined or an error: no match, as above. */
  toUrl?(value: unknown): string | undefined
}

function toInteger(text: string): number | undefined {
  const value = Number(text)
  // Past this a number would name another row than the URL does.
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
 * Makes a converter known under a name, for routes that are written after this.
 * @param converter a converter, or a class of one
 * @throws ImproperlyConfigured when the name is taken by another converter, or the converter has no regex
 */
export function registerConverter(converter: Converter | (new () => Converter), name: string): void {
  const made = typeof converter === 'function' ? new converter() : converter
  if (typeof made.regex !== 'string' || made.regex === '') {
    throw new ImproperlyConfigured(
      `registerConverter('${name}'): the converter's regex should be a text like '[0-9]{4}', found ${formatValue(made.regex)}.`,
    )
  }
  const known = converters.get(name)
  const isSame = known === made || (typeof converter === 'function' && known instanceof converter)
  if (known !== undefined && !isSame) {
    const owner = builtIn.has(name) ? 'is built in' : 'is already registered'
    throw new ImproperlyConfigured(`registerConverter('${name}'): a converter of this name ${owner}. Choose another.`)
  }
  converters.set(name, made)
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

/** The value of a text that the converter's regex has taken; undefined where it is none after all. */
export function valueOf(converter: Converter, text: string): unknown {
  return converter.toPython === undefined ? text : orNoMatch(() => converter.toPython?.(text))
}

/** The text that a value has by itself; undefined for an object that would come out as `[object Object]`. */
export function ownText(value: unknown): string | undefined {
  const text = (value as { toString(): string }).toString()
  return text.startsWith('[object ') ? undefined : text
}

/** The text of a value in a URL; undefined where the value has none. */
export function textOf(converter: Converter | undefined, value: unknown): string | undefined {
  // Nothing would be written as the word "undefined": a link that looks right and leads nowhere.
  if (value === undefined || value === null) return undefined
  return orNoMatch(() => (converter?.toUrl === undefined ? ownText(value) : converter.toUrl(value)))
}
