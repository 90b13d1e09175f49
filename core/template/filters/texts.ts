/** Filters of texts: upper, truncatechars, slugify, stringformat and their like. */
import { iriToUri, quoteUri } from '#core/web'
import { trimOf } from '#core/utils'
import { escapeHtml, markSafe, SafeString } from '../safe.ts'
import type { Filter } from '../filter.ts'
import { stringify, stringOf } from '../stringify.ts'
import { stripTags } from '../strip_tags.ts'
import { MAX_WIDTH, numeric, safeText, seesMarks, text, wholeNumber } from './kinds.ts'

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
const splitWords = (value: string): string[] => value.split(/\s+/).filter((word) => word !== '')

/** Django's title case: a letter after an apostrophe within a word, or after a digit, stays small. */
function title(value: string): string {
  const cased = value.toLowerCase().replace(/\p{L}+/gu, capitalized)
  return cased
    .replace(/([a-z])['’]([A-Z])/g, (found) => found.toLowerCase())
    .replace(/\d[A-Z]/g, (found) => found.toLowerCase())
}

function truncateChars(value: string, argument: unknown): string {
  const length = wholeNumber(argument)
  const characters = Array.from(value)
  if (length === undefined || characters.length <= length) return value
  return `${characters.slice(0, Math.max(length - 1, 0)).join('')}…`
}

function truncateWords(value: string, argument: unknown): string {
  const length = wholeNumber(argument)
  const all = splitWords(value)
  if (length === undefined) return value
  return all.length <= length ? all.join(' ') : `${all.slice(0, Math.max(length, 0)).join(' ')} …`
}

function wordWrap(value: string, argument: unknown): string {
  const width = wholeNumber(argument) ?? Number.POSITIVE_INFINITY
  const wrapLine = (line: string): string => {
    let out = ''
    let used = 0
    for (const word of line.split(' ')) {
      const fits = used + 1 + word.length <= width
      out += out === '' ? word : `${fits ? ' ' : '\n'}${word}`
      used = out === word || !fits ? word.length : used + 1 + word.length
    }
    return out
  }
  return value.split('\n').map(wrapLine).join('\n')
}

/** Letters without their accents, digits and hyphens, as an address shows them. */
export function slugify(value: string): string {
  // Each character by itself: sorting a long run of accents takes quadratic time, and they are dropped here anyway.
  const ascii = value.replace(/[^\0-\x7f]/gu, (character) => character.normalize('NFKD')).replace(/[^ -~\s]/g, '')
  const words = ascii
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/[-\s]+/g, '-')
  return trimOf(words, '-_')
}

const SCRIPT_ESCAPES = /[\\'"<>&=\-;`\p{Cc}\u2028\u2029]/gu
const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`

/** One conversion of Python's `%` formatting, without the percent sign: `.2f`, `05d`, `s`. */
function stringFormat(value: unknown, argument: unknown): string {
  const match = /^([-+ 0#]*)([1-9]\d*)?(?:\.(\d*))?([a-zA-Z])$/.exec(stringOf(argument))
  if (match === null) return ''
  const [, flags = '', width = '0', precision, kind = ''] = match
  const body = converted(value, kind, precision === undefined ? undefined : Number(precision))
  if (body === undefined || Number(width) > MAX_WIDTH) return ''
  const signed = 'di fFeE'.includes(kind) && flags.includes('+') && !body.startsWith('-') ? `+${body}` : body
  if (flags.includes('-')) return signed.padEnd(Number(width))
  if (!flags.includes('0') || kind === 's') return signed.padStart(Number(width))
  const sign = /^[-+]/.exec(signed)?.[0] ?? ''
  return sign + signed.slice(sign.length).padStart(Number(width) - sign.length, '0')
}

/** Decimal places that a number can be written with. */
const MAX_PRECISION = 100

function converted(value: unknown, kind: string, precision: number | undefined): string | undefined {
  if (kind === 's' || kind === 'r') return String(stringify(value)).slice(0, precision)
  const number = numeric(value)
  if (Number.isNaN(number) || (precision ?? 0) > MAX_PRECISION) return undefined
  if ('diuxXo'.includes(kind) && !Number.isFinite(number)) return undefined
  if ('diu'.includes(kind)) return BigInt(Math.trunc(number)).toString()
  if ('fF'.includes(kind)) return number.toFixed(precision ?? 6)
  if ('xXo'.includes(kind)) {
    const digits = Math.trunc(number).toString(kind === 'o' ? 8 : 16)
    return kind === 'X' ? digits.toUpperCase() : digits
  }
  if ('eE'.includes(kind)) return number.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2')
  return 'gG'.includes(kind) ? String(Number(number.toPrecision(Math.max(precision ?? 6, 1)))) : undefined
}

const padded = (where: 'start' | 'end' | 'both'): Filter =>
  safeText((value, argument) => {
    const width = wholeNumber(argument) ?? 0
    if (width > MAX_WIDTH) return value
    if (where === 'start') return value.padStart(width)
    if (where === 'end') return value.padEnd(width)
    return value.padStart(Math.ceil((width + value.length) / 2)).padEnd(width)
  })

const paragraphs = (value: string): string[] => value.replace(/\r\n|\r/g, '\n').split(/\n{2,}/)

/** Turns lines into HTML; what is not marked is escaped before. */
const lines = (convert: (text: string) => string): Filter =>
  seesMarks((value, _, options) => {
    const isMarked = value instanceof SafeString || options?.autoescape !== true
    const plain = String(stringify(value))
    return markSafe(convert(isMarked ? plain : escapeHtml(plain)))
  })

export const textFilters: Readonly<Record<string, Filter>> = {
  addslashes: safeText((value) => value.replace(/[\\"']/g, '\\$&')),
  capfirst: safeText(capitalized),
  center: padded('both'),
  cut: text((value, argument) => value.replaceAll(stringOf(argument), '')),
  escapejs: text((value) => markSafe(value.replace(SCRIPT_ESCAPES, unicodeEscape))),
  iriencode: safeText(iriToUri),
  linebreaks: lines((value) =>
    paragraphs(value)
      .map((paragraph) => `<p>${paragraph.replaceAll('\n', '<br>')}</p>`)
      .join('\n\n'),
  ),
  linebreaksbr: lines((value) => value.replace(/\r\n|\r|\n/g, '<br>')),
  ljust: padded('end'),
  lower: safeText((value) => value.toLowerCase()),
  make_list: text((value) => Array.from(value)),
  rjust: padded('start'),
  slugify: safeText(slugify),
  stringformat: Object.assign((value: unknown, argument?: unknown) => stringFormat(value, argument), { isSafe: true }),
  striptags: safeText(stripTags),
  title: safeText(title),
  truncatechars: safeText(truncateChars),
  truncatewords: safeText(truncateWords),
  upper: text((value) => value.toUpperCase()),
  urlencode: text((value, argument) => quoteUri(value, argument === undefined ? '/' : stringOf(argument))),
  wordcount: text((value) => splitWords(value).length),
  wordwrap: safeText(wordWrap),
}
