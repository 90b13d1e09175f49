/** Dates as HTTP headers have them: written in one form, read in the three that RFC 9110 knows. */
import { memoizeNumber } from '#core/concurrency'
import { clock } from '#core/utils'

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

/** All responses of a second have the same dates. */
const textOf = memoizeNumber((seconds) => new Date(seconds * 1000).toUTCString())

/** The text of a moment, given in seconds since the epoch; a fraction is cut off. */
export const httpDate = (seconds: number = clock.now() / 1000): string => textOf(Math.floor(seconds))

/** A year of two digits is the nearest one that lies at most fifty years ahead. */
function fullYear(digits: string): number {
  const year = Number(digits)
  if (digits.length > 2) return year
  const now = new Date(clock.now()).getUTCFullYear()
  const century = now - (now % 100)
  return year - (now % 100) > 50 ? century - 100 + year : century + year
}

/** Seconds since the epoch of a date in a header, or undefined where it is none. */
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
    // A day or hour that does not exist would have rolled over into the next.
    const exists = month >= 0 && date.getUTCDate() === day && date.getUTCHours() === hour
    return exists && minute < 60 && second < 60 ? date.getTime() / 1000 : undefined
  }
  return undefined
}
