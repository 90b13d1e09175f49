/** Whole numbers as base62 text: Django's `0-9A-Za-z`, a minus sign in front of negative ones. */

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
