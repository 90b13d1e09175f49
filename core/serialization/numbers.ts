/**
 * Numbers as strings: base62, as Django's signatures have them, and the spelling of a value in Python, which JavaScript
 * would lose.
 *
 * The spelling is kept beside the object or list: that a 1 was a 1.0, a list a tuple, a key a number. Writing restores what
 * was not changed, in JSON as in a pickle.
 */

// Base62: digits `0-9A-Za-z`, and a minus sign before negative numbers.

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE = 62n

/** Digits that a number of JavaScript holds exactly: 62 to the 8th is below 2 to the 53rd. */
const EXACT_DIGITS = 8

function encodeSmall(number: number): string {
  let text = ''
  for (let rest = number; rest > 0; rest = Math.floor(rest / 62)) text = (ALPHABET[rest % 62] as string) + text
  return text
}

export function base62Encode(number: number | bigint): string {
  // A time is small, and counting with bigint costs ten times as much.
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

/** Digits of the longest number that is read. A time has 6 digits, and decoding takes quadratic time. */
const MOST_DIGITS = 1000

/** As base62Decode, for a number that may be rounded: a time. @throws RangeError */
export const base62Number = (text: string): number =>
  /^[0-9A-Za-z]{1,8}$/.test(text) ? decodeSmall(text) : Number(base62Decode(text))

/** @throws RangeError for a character that is not base62, and for more than 1,000 digits */
export function base62Decode(text: string): bigint {
  const negative = text.startsWith('-')
  const digits = negative ? text.slice(1) : text
  if (digits.length > MOST_DIGITS) throw new RangeError(`A base62 number has at most ${MOST_DIGITS} digits.`)
  const number = digits.length <= EXACT_DIGITS ? BigInt(decodeSmall(digits)) : decodeAny(digits)
  return negative ? -number : number
}

// Spellings.

/** How Python wrote the content of a container. */
export interface Spelling {
  /** By key or index: a number's text in JSON, and its value to tell whether it was changed. */
  numbers?: Map<string, { text: string; value: number }>
  /** All keys in their order, where JavaScript would put number-like ones first. */
  order?: string[]
  /** Keys that are no text, by the text that stands for them: their pickle. */
  keys?: Map<string, string>
  /** What a list, a set or bytes are called in Python, where that is not the first thing to think of. */
  kind?: 'tuple' | 'frozenset' | 'bytearray'
}

const spellings = new WeakMap<object, Spelling>()
/** Most processes never meet a value that needs its spelling kept; they need not look for one at every write. */
let anySpellings = false

export const spellingOf = (container: object): Spelling | undefined =>
  anySpellings ? spellings.get(container) : undefined

/** The spelling of a container, to note something in. */
export function noteSpelling(container: object): Spelling {
  anySpellings = true
  let spelling = spellings.get(container)
  if (spelling === undefined) spellings.set(container, (spelling = {}))
  return spelling
}

/** The text of a number as it was read, if it is still that number. */
export function spelledNumber(spelling: Spelling | undefined, key: string, value: unknown): string | undefined {
  const spelled = spelling?.numbers?.get(key)
  return spelled !== undefined && Object.is(spelled.value, value) ? spelled.text : undefined
}

/** The keys in the order they were read in; those that came later behind them. */
export function spelledKeys(object: object, spelling: Spelling | undefined): string[] {
  const order = spelling?.order
  if (order === undefined) return Object.keys(object)
  const known = new Set(order)
  return [...order.filter((key) => Object.hasOwn(object, key)), ...Object.keys(object).filter((key) => !known.has(key))]
}

/** A float as Python's repr() and its json write it. */
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
