/** Filters for numbers: add, divisibleby, filesizeformat, floatformat, get_digit, pluralize. */
import { stringOf } from '../safe.ts'
import { type Filter, sequence, toInteger, toNumber } from '../library.ts'

/** Adds numbers, concatenates strings and lists. Returns an empty string for other values. */
function add(value: unknown, argument: unknown): unknown {
  const [a, b] = [toInteger(value), toInteger(argument)]
  if (a !== undefined && b !== undefined) return a + b
  if (typeof value === 'number' && typeof argument === 'number') return value + argument
  if (typeof value === 'string' && typeof argument === 'string') return value + argument
  return Array.isArray(value) && Array.isArray(argument) ? [...(value as unknown[]), ...(argument as unknown[])] : ''
}

/** Rounds the decimal digits of a number, half away from zero, as Django does with Decimal: 1.005 becomes 1.01. */
function rounded(value: number, places: number): string {
  const [digits = '', exponent = '0'] = Math.abs(value).toString().split('e')
  const shifted = Math.round(Number(`${digits}e${Number(exponent) + places}`))
  // A number of this size would be printed with an exponent, and has no digits after the decimal point.
  const result =
    shifted < 1e21
      ? Number(`${shifted}e-${places}`).toFixed(places)
      : `${BigInt(Math.round(Math.abs(value)))}${places > 0 ? `.${'0'.repeat(places)}` : ''}`
  return value < 0 && Number(result) !== 0 ? `-${result}` : result
}

/** The greatest number of decimal places. A greater argument is invalid. */
const MAX_PLACES = 100
/** As in Django, a number with more digits is printed unchanged. */
const MAX_DIGITS = 200

/** Separates the digits before the decimal point in groups of three. */
function groupThousands(number: string): string {
  const [whole = '', fraction] = number.split('.')
  const digits = whole.replace('-', '')
  const groups: string[] = []
  for (let end = digits.length; end > 0; end -= 3) groups.unshift(digits.slice(Math.max(end - 3, 0), end))
  return `${whole.startsWith('-') ? '-' : ''}${groups.join(',')}${fraction === undefined ? '' : `.${fraction}`}`
}

function floatFormat(value: unknown, argument: unknown = -1): string {
  const match = /^(-?\d+)?(g|u|gu|ug)?$/.exec(stringOf(argument))
  const number = toNumber(value)
  if (Number.isNaN(number)) return ''
  const places = Number(match?.[1] ?? -1)
  const isLong = !Number.isFinite(number) || Math.abs(Math.log10(Math.abs(number) || 1)) > MAX_DIGITS
  if (match === null || isLong || Math.abs(places) > MAX_PLACES) return stringOf(value)
  // A negative number of places: no places for a whole number.
  const isWhole = places < 0 && Number(rounded(number, -places)) === Math.trunc(number)
  const result = places < 0 && isWhole ? rounded(number, 0) : rounded(number, Math.abs(places))
  return match[2]?.includes('g') === true ? groupThousands(result) : result
}

function fileSize(value: unknown): string {
  const bytes = toNumber(value)
  if (!Number.isFinite(bytes)) return '0\u00a0bytes'
  const size = Math.abs(bytes)
  const sign = bytes < 0 ? '-' : ''
  if (size < 1024) return `${sign}${Math.trunc(size)}\u00a0byte${Math.trunc(size) === 1 ? '' : 's'}`
  const unit = Math.min(Math.floor(Math.log2(size) / 10), 5)
  return `${sign}${rounded(size / 1024 ** unit, 1)}\u00a0${['KB', 'MB', 'GB', 'TB', 'PB'][unit - 1]}`
}

/** The plural suffix for a number: `s`, or that of the argument: `es`, `y,ies`. */
function pluralize(value: unknown, argument: unknown = 's'): string {
  const forms = stringOf(argument).split(',')
  if (forms.length > 2) return ''
  const [one = '', many = ''] = forms.length === 1 ? ['', forms[0]] : forms
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value) === 1 ? one : many
  if (typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value)))
    return Number(value) === 1 ? one : many
  const count = typeof value === 'string' ? undefined : sequence(value)?.length
  return count === undefined ? '' : count === 1 ? one : many
}

/** The digit at a position, counted from 1 at the right. Returns the value for invalid input. */
function getDigit(value: unknown, argument: unknown): unknown {
  const [number, place] = [toInteger(value), toInteger(argument)]
  if (number === undefined || place === undefined || place < 1) return value
  const digits = typeof value === 'string' ? value.trim() : BigInt(number).toString()
  return Number(/\d/.exec(digits.at(-place) ?? '')?.[0] ?? 0)
}

export const numberFilters: Readonly<Record<string, Filter>> = {
  add,
  divisibleby: (value, argument) => toNumber(value) % toNumber(argument) === 0,
  filesizeformat: fileSize,
  floatformat: Object.assign(floatFormat, { isSafe: true }),
  get_digit: getDigit,
  pluralize,
}
