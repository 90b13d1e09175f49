/** Filters for strings, and filters that choose a value or escape it: default, yesno, safe, escape, json_script. */
import { inspect } from 'node:util'
import { trimOf } from '#core/utils'
import { iriToUri, quoteUri } from '#core/web'
import {
  type Filter,
  MAX_WIDTH,
  receivesSafeStrings,
  safeStringFilter,
  stringFilter,
  toInteger,
  toNumber,
} from '../library.ts'
import { handlePromisesIn } from '../promises.ts'
import { conditionalEscape, escapeHtml, jsonOf, markSafe, SafeString, stringify, stringOf } from '../safe.ts'
import { stripTags } from '../strip_tags.ts'
import { isTruthy } from '../syntax/condition.ts'

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
const splitWords = (value: string): string[] => value.split(/\s+/).filter((word) => word !== '')

/** Django's title case. A letter after a digit, or after an apostrophe in a word, is lower case. */
function title(value: string): string {
  const cased = value.toLowerCase().replace(/\p{L}+/gu, capitalized)
  return cased
    .replace(/([a-z])['’]([A-Z])/g, (found) => found.toLowerCase())
    .replace(/\d[A-Z]/g, (found) => found.toLowerCase())
}

function truncateChars(value: string, argument: unknown): string {
  const length = toInteger(argument)
  const characters = Array.from(value)
  if (length === undefined || characters.length <= length) return value
  return `${characters.slice(0, Math.max(length - 1, 0)).join('')}…`
}

function truncateWords(value: string, argument: unknown): string {
  const length = toInteger(argument)
  const all = splitWords(value)
  if (length === undefined) return value
  return all.length <= length ? all.join(' ') : `${all.slice(0, Math.max(length, 0)).join(' ')} …`
}

function wordWrap(value: string, argument: unknown): string {
  const width = toInteger(argument) ?? Number.POSITIVE_INFINITY
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

/** Converts a string to ASCII letters without accents, digits, underscores and hyphens, for URLs. */
export function slugify(value: string): string {
  // Characters are normalized one by one, because normalizing a long run of combining marks takes quadratic time.
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

/** Formats a value with a conversion of Python's `%` operator, without the percent sign: `.2f`, `05d`, `s`. */
function stringFormat(value: unknown, argument: unknown): string {
  const match = /^([-+ 0#]*)([1-9]\d*)?(?:\.(\d*))?([a-zA-Z])$/.exec(stringOf(argument))
  if (match === null) return ''
  const [, flags = '', width = '0', precision, kind = ''] = match
  const body = convert(value, kind, precision === undefined ? undefined : Number(precision))
  if (body === undefined || Number(width) > MAX_WIDTH) return ''
  const signed = 'di fFeE'.includes(kind) && flags.includes('+') && !body.startsWith('-') ? `+${body}` : body
  if (flags.includes('-')) return signed.padEnd(Number(width))
  if (!flags.includes('0') || kind === 's') return signed.padStart(Number(width))
  const sign = /^[-+]/.exec(signed)?.[0] ?? ''
  return sign + signed.slice(sign.length).padStart(Number(width) - sign.length, '0')
}

/** The greatest number of decimal places that JavaScript can print. */
const MAX_PRECISION = 100

function convert(value: unknown, kind: string, precision: number | undefined): string | undefined {
  if (kind === 's' || kind === 'r') return String(stringify(value)).slice(0, precision)
  const number = toNumber(value)
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

const padFilter = (where: 'start' | 'end' | 'both'): Filter =>
  safeStringFilter((value, argument) => {
    const width = toInteger(argument) ?? 0
    if (width > MAX_WIDTH) return value
    if (where === 'start') return value.padStart(width)
    if (where === 'end') return value.padEnd(width)
    return value.padStart(Math.ceil((width + value.length) / 2)).padEnd(width)
  })

const paragraphs = (value: string): string[] => value.replace(/\r\n|\r/g, '\n').split(/\n{2,}/)

/** A filter that adds HTML to a string, which is escaped before unless it is safe. */
const htmlFilter = (addHtml: (string: string) => string): Filter =>
  receivesSafeStrings((value, _, options) => {
    const isSafe = value instanceof SafeString || options?.autoescape !== true
    const string = String(stringify(value))
    return markSafe(addHtml(isSafe ? string : escapeHtml(string)))
  })

export const stringFilters: Readonly<Record<string, Filter>> = {
  addslashes: safeStringFilter((value) => value.replace(/[\\"']/g, '\\$&')),
  capfirst: safeStringFilter(capitalized),
  center: padFilter('both'),
  cut: stringFilter((value, argument) => value.replaceAll(stringOf(argument), '')),
  escapejs: stringFilter((value) => markSafe(value.replace(SCRIPT_ESCAPES, unicodeEscape))),
  iriencode: safeStringFilter(iriToUri),
  linebreaks: htmlFilter((value) =>
    paragraphs(value)
      .map((paragraph) => `<p>${paragraph.replaceAll('\n', '<br>')}</p>`)
      .join('\n\n'),
  ),
  linebreaksbr: htmlFilter((value) => value.replace(/\r\n|\r|\n/g, '<br>')),
  ljust: padFilter('end'),
  lower: safeStringFilter((value) => value.toLowerCase()),
  make_list: stringFilter((value) => Array.from(value)),
  rjust: padFilter('start'),
  slugify: safeStringFilter(slugify),
  stringformat: Object.assign((value: unknown, argument?: unknown) => stringFormat(value, argument), { isSafe: true }),
  striptags: safeStringFilter(stripTags),
  title: safeStringFilter(title),
  truncatechars: safeStringFilter(truncateChars),
  truncatewords: safeStringFilter(truncateWords),
  upper: stringFilter((value) => value.toUpperCase()),
  urlencode: stringFilter((value, argument) => quoteUri(value, argument === undefined ? '/' : stringOf(argument))),
  wordcount: stringFilter((value) => splitWords(value).length),
  wordwrap: safeStringFilter(wordWrap),
}

/** Chooses from `yes,no,maybe` for true, false and null. */
function yesNo(value: unknown, argument: unknown = 'yes,no,maybe'): unknown {
  const [yes, no, maybe = no] = stringOf(argument).split(',')
  if (no === undefined) return value
  return value === null || value === undefined ? maybe : isTruthy(value) ? yes : no
}

/** JSON has no bigint. JavaScript reads every JSON number as a float. */
const bigintToNumber = (entry: unknown): unknown => (typeof entry === 'bigint' ? Number(entry) : entry)

/** Prints JSON in a script element. `<`, `>` and `&` are escaped, so that the value cannot end the element. */
function jsonScript(value: unknown, id: unknown): unknown {
  const json = (jsonOf(value, bigintToNumber) ?? 'null').replace(/[<>&]/g, unicodeEscape)
  const attribute = id === undefined ? '' : ` id="${escapeHtml(stringOf(id))}"`
  return markSafe(`<script${attribute} type="application/json">${json}</script>`)
}

export const logicFilters: Readonly<Record<string, Filter>> = {
  default: receivesSafeStrings((value, argument) => (isTruthy(value) ? value : argument)),
  default_if_none: receivesSafeStrings((value, argument) => (value === null ? argument : value)),
  escape: receivesSafeStrings((value) => conditionalEscape(stringify(value))),
  force_escape: (value) => markSafe(escapeHtml(stringify(value))),
  json_script: jsonScript,
  pprint: (value) => {
    handlePromisesIn([value])
    return inspect(value, { depth: 4 })
  },
  safe: (value) => markSafe(stringify(value)),
  yesno: yesNo,
}
