/** Whole numbers as base62 text: Django's `0-9A-Za-z`, a minus sign in front of negative ones. */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE = 62n

export function base62Encode(number: number | bigint): string {
  let rest = BigInt(number)
  if (rest === 0n) return '0'
  const sign = rest < 0n ? '-' : ''
  if (rest < 0n) rest = -rest
  let text = ''
  for (; rest > 0n; rest /= BASE) text = (ALPHABET[Number(rest % BASE)] as string) + text
  return sign + text
}

/** @throws RangeError when a character is none of base62's */
export function base62Decode(text: string): bigint {
  const negative = text.startsWith('-')
  const digits = negative ? text.slice(1) : text
  let number = 0n
  for (const digit of digits) {
    const value = ALPHABET.indexOf(digit)
    if (value < 0) throw new RangeError(`'${digit}' is not a base62 digit.`)
    number = number * BASE + BigInt(value)
  }
  return negative ? -number : number
}
