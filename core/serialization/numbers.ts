/**
 * Numbers as strings: base62, as in Django's signatures, and Python's spelling of values, which JavaScript would lose.
 *
 * Spellings are recorded for each object or list: that a 1 was a 1.0, a list was a tuple, a key was a number. Unchanged
 * values are written with the recorded spelling, in JSON and in pickles.
 */

// Base62: digits `0-9A-Za-z`, and a minus sign before negative numbers.

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE = 62n

/** Base62 digits that a JavaScript number represents exactly: 62^8 < 2^53. */
const EXACT_DIGITS = 8

function encodeSmall(number: number): string {
  let text = ''
  for (let rest = number; rest > 0; rest = Math.floor(rest / 62)) text = (ALPHABET[rest % 62] as string) + text
  return text
}

export function base62Encode(number: number | bigint): string {
  // The usual values are times, which are small. Arithmetic with bigint costs ten times as much.
  if (typeof number === 'number' && number > 0 && Number.isSafeInteger(number)) return encodeSmall(number)
  let rest = BigInt(number)
  if (rest === 0n) return '0'
  const sign = rest < 0n ? '-' : ''
  if (rest < 0n) rest = -rest
  let text = ''
  for (; rest > 0n; rest /= BASE) text = (ALPHABET[Number(rest % BASE)] as string) + text
  return sign + text
}

function valueOf(digit: string): number {
  const value = ALPHABET.indexOf(digit)
  if (value < 0) throw new RangeError(`'${digit}' is not a base62 digit.`)
  return value
}

function decodeSmall(digits: string): number {
  let number = 0
  for (const digit of digits) number = number * 62 + valueOf(digit)
  return number
}

function decodeAny(digits: string): bigint {
  let number = 0n
  for (const digit of digits) number = number * BASE + BigInt(valueOf(digit))
  return number
}

/** Maximum number of digits to decode, because decoding takes quadratic time. A timestamp has 6 digits. */
const MOST_DIGITS = 1000

/** As base62Decode, but returns a number, which may be rounded. For times. @throws RangeError */
export const base62Number = (text: string): number =>
  /^[0-9A-Za-z]{1,8}$/.test(text) ? decodeSmall(text) : Number(base62Decode(text))

/** @throws RangeError for a character that is not a base62 digit, and for more than 1,000 digits */
export function base62Decode(text: string): bigint {
  const negative = text.startsWith('-')
  const digits = negative ? text.slice(1) : text
  if (digits.length > MOST_DIGITS) throw new RangeError(`A base62 number has at most ${MOST_DIGITS} digits.`)
  const number = digits.length <= EXACT_DIGITS ? BigInt(decodeSmall(digits)) : decodeAny(digits)
  return negative ? -number : number
}

// Spellings.

/** How Python spelled the content of a container. */
export interface Spelling {
  /** By key or index: the JSON string of a number, and its value, to detect changes. */
  numbers?: Map<string, { text: string; value: number }>
  /** All keys in their original order, because JavaScript moves integer-like keys to the front. */
  order?: string[]
  /** The pickles of keys that are not strings, by the strings that represent the keys. */
  keys?: Map<string, string>
  /** The Python type of a list, set or bytes object, if it is not the default one. */
  kind?: 'tuple' | 'frozenset' | 'bytearray'
}

const spellings = new WeakMap<object, Spelling>()
/** Most processes never record a spelling. They can skip the lookup at each write. */
let anySpellings = false

export const spellingOf = (container: object): Spelling | undefined =>
  anySpellings ? spellings.get(container) : undefined

/** The spelling of a container, created if necessary, to be changed by the caller. */
export function noteSpelling(container: object): Spelling {
  anySpellings = true
  let spelling = spellings.get(container)
  if (spelling === undefined) spellings.set(container, (spelling = {}))
  return spelling
}

/** The original spelling of a number; undefined if it has changed or none was recorded. */
export function spelledNumber(spelling: Spelling | undefined, key: string, value: unknown): string | undefined {
  const spelled = spelling?.numbers?.get(key)
  return spelled !== undefined && Object.is(spelled.value, value) ? spelled.text : undefined
}

/** The keys in their original order, followed by the keys that were added later. */
export function spelledKeys(object: object, spelling: Spelling | undefined): string[] {
  const order = spelling?.order
  if (order === undefined) return Object.keys(object)
  const known = new Set(order)
  return [...order.filter((key) => Object.hasOwn(object, key)), ...Object.keys(object).filter((key) => !known.has(key))]
}

/** Formats a float as Python's repr() and json do. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent = ''] = value.toExponential().split('e')
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
  }
  const text = Object.is(value, -0) ? '-0' : String(value)
  return text.includes('.') ? text : `${text}.0`
}
