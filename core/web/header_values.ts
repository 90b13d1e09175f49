/** Values of headers: entity tags, HTTP dates, and Content-Security-Policy. */
import { createHash } from 'node:crypto'
import { memoizeNumber } from '#core/concurrency'
import { clock } from '#core/utils'

const ETAG = /^(?:W\/)?"[^"]*"$/

/** The strong entity tag of a body. */
export function etagOf(body: Uint8Array | string): string {
  return `"${createHash('md5').update(body).digest('hex')}"`
}

/** Quotes a tag, unless it already is an entity tag. */
export function quoteEtag(text: string): string {
  return ETAG.test(text) ? text : `"${text}"`
}

/** Parses a list of entity tags, ignoring invalid ones; `['*']` for `*`. */
export function parseEtags(header: string): string[] {
  if (header.trim() === '*') return ['*']
  return header
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => ETAG.test(tag))
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const TIME = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})`
const FORMS = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(String.raw`^\w{3}, (?<day>\d{2}) (?<month>\w{3}) (?<year>\d{4}) ${TIME} GMT$`),
  // Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(String.raw`^\w{6,9}, (?<day>\d{2})-(?<month>\w{3})-(?<year>\d{2}) ${TIME} GMT$`),
  // Sun Nov  6 08:49:37 1994
  new RegExp(String.raw`^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`),
]

/** Memoized, because all responses of a second have the same date. */
const formatSeconds = memoizeNumber((seconds) => new Date(seconds * 1000).toUTCString())

/** Formats a time in seconds since the epoch as an HTTP date. A fraction is truncated. */
export const httpDate = (seconds: number = clock.now() / 1000): string => formatSeconds(Math.floor(seconds))

/** Expands a two-digit year to the latest one that is at most 50 years in the future. */
function fullYear(digits: string): number {
  const year = Number(digits)
  if (digits.length > 2) return year
  const now = new Date(clock.now()).getUTCFullYear()
  const century = now - (now % 100)
  return year - (now % 100) > 50 ? century - 100 + year : century + year
}

/** Parses an HTTP date. @returns seconds since the epoch, or undefined if it is invalid */
export function parseHttpDate(text: string): number | undefined {
  for (const form of FORMS) {
    const parts = form.exec(text)?.groups
    if (parts === undefined) continue
    const month = MONTHS.indexOf((parts.month as string).toLowerCase())
    const [day, hour, minute, second] = [parts.day, parts.hour, parts.minute, parts.second].map(Number) as [
      number,
      number,
      number,
      number,
    ]
    const date = new Date(0)
    date.setUTCFullYear(fullYear(parts.year as string), month, day)
    date.setUTCHours(hour, minute, second)
    // Date accepts a day or hour that does not exist and rolls it over.
    const exists = month >= 0 && date.getUTCDate() === day && date.getUTCHours() === hour
    return exists && minute < 60 && second < 60 ? date.getTime() / 1000 : undefined
  }
  return undefined
}

/** Header names of Content-Security-Policy, and keywords for the directives of SECURE_CSP. */
export const CSP = {
  HEADER_ENFORCE: 'Content-Security-Policy',
  HEADER_REPORT_ONLY: 'Content-Security-Policy-Report-Only',
  NONE: "'none'",
  REPORT_SAMPLE: "'report-sample'",
  SELF: "'self'",
  STRICT_DYNAMIC: "'strict-dynamic'",
  UNSAFE_EVAL: "'unsafe-eval'",
  UNSAFE_HASHES: "'unsafe-hashes'",
  UNSAFE_INLINE: "'unsafe-inline'",
  WASM_UNSAFE_EVAL: "'wasm-unsafe-eval'",
  /** Placeholder for the nonce of a response; omitted if the response used none. */
  NONCE: '<CSP_NONCE_SENTINEL>',
} as const

/** Directives by name: a list or Set, one value, true for a directive without value, null or false to omit. */
export type CspPolicy = Readonly<Record<string, unknown>>

/** The values of a directive in the order in which they are sent. A Set is sorted, for a stable order. */
export function cspValues(value: unknown): readonly string[] {
  if (value instanceof Set) return [...(value as Set<string>)].toSorted()
  return Array.isArray(value) ? (value as string[]) : [String(value)]
}

function directiveText(name: string, value: unknown, nonce: string | undefined): string | undefined {
  if (value === null || value === undefined || value === false) return undefined
  if (value === true) return name
  const values = cspValues(value).flatMap((each) => {
    if (each !== CSP.NONCE) return [each]
    return nonce === undefined ? [] : [`'nonce-${nonce}'`]
  })
  return values.length === 0 ? undefined : `${name} ${values.join(' ')}`
}

/**
 * Builds the header's value; empty if there are no directives.
 * @param nonce replaces CSP.NONCE; undefined removes it
 */
export function buildPolicy(policy: CspPolicy, nonce?: string): string {
  return Object.entries(policy)
    .flatMap(([name, value]) => directiveText(name, value, nonce) ?? [])
    .join('; ')
}
