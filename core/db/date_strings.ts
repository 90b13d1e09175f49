/** Dates as strings in a database: `YYYY-MM-DD HH:MM:SS[.ffffff]`, with `+00:00` in columns with a time zone. */
import { memoizeNumber } from '#core/concurrency'
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import type { DatabaseBackend, DatabaseSettings } from './backend.ts'
import { formatValue } from '#core/utils'

// Local times: the date and the time in an IANA time zone at an instant, and the reverse. A local time is represented by the
// instant at which UTC has the same date and time, in milliseconds.

const DAY = 86_400_000
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone)
  if (found === undefined) {
    try {
      found = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      })
    } catch (cause) {
      throw new ImproperlyConfigured(
        `TIME_ZONE is '${zone}', which is not an IANA time zone such as 'Europe/Berlin'.`,
        {
          cause,
        },
      )
    }
    formatters.set(zone, found)
  }
  return found
}

function utcOf(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const date = new Date(0)
  // Date.UTC would read the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day)
  return date.setUTCHours(hour, minute, second, 0)
}

/** How far the local time of a zone is ahead of UTC at an instant, in milliseconds. */
function offsetAt(ms: number, zone: string): number {
  if (zone === 'UTC') return 0
  const whole = Math.floor(ms / 1000) * 1000
  const at: Record<string, number> = {}
  let beforeChrist = false
  for (const { type, value } of formatter(zone).formatToParts(whole)) {
    if (type === 'era') beforeChrist = value === 'BC'
    else if (type !== 'literal') at[type] = Number(value)
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = at
  return utcOf(beforeChrist ? 1 - year : year, month, day, hour, minute, second) - whole
}

/** The local time in a zone at an instant. */
export const localTimeAt = (ms: number, zone: string): number => ms + offsetAt(ms, zone)

/**
 * The instant of a local time in a zone, as in Python with `fold=0`: the first one of a time that occurs twice. A time that
 * is skipped is counted from the offset before the change.
 */
export function instantOf(local: number, zone: string): number {
  if (zone === 'UTC') return local
  const before = offsetAt(local - DAY, zone)
  const after = offsetAt(local + DAY, zone)
  if (offsetAt(local - before, zone) === before || offsetAt(local - after, zone) !== after) return local - before
  return local - after
}

/** The second instant of a local time that occurs twice, as in Python with `fold=1`; undefined if it occurs once. */
export function secondInstantOf(local: number, zone: string): number | undefined {
  const second = local - offsetAt(local + DAY, zone)
  return second !== instantOf(local, zone) && localTimeAt(second, zone) === local ? second : undefined
}

/** The time zone of dates in a database: Django's `connection.timezone`. */
export function connectionZone({ TIME_ZONE }: DatabaseSettings): string {
  return settings.USE_TZ ? (TIME_ZONE ?? 'UTC') : settings.TIME_ZONE
}

/** Dates of PostgreSQL, MySQL, SQLite and ISO 8601. The time, its fraction and the offset may be absent. */
const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?$/

/** A local time as a string, without a fraction that is zero. @throws RangeError outside the years 1 to 9999 */
const dateString = memoizeNumber((local) => {
  let whole = Math.floor(local)
  let micros = Math.round((local - whole) * 1000)
  if (micros === 1000) {
    whole += 1
    micros = 0
  }
  const date = new Date(whole)
  const year = date.getUTCFullYear()
  if (!(year >= 1 && year <= 9999)) {
    throw new RangeError(`A date in a database lies between the years 1 and 9999; ${local} ms does not.`)
  }
  const fraction = date.getUTCMilliseconds() * 1000 + micros
  const iso = date.toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction === 0 ? '' : `.${String(fraction).padStart(6, '0')}`}`
})

/** The local time in a zone at an instant, as a string. */
export const localDateString = (ms: number, zone: string): string => dateString(localTimeAt(ms, zone))

/** An instant as a string for a database. */
export function toDateString(ms: number, { keepsInstants }: DatabaseBackend, entry: DatabaseSettings): string {
  return keepsInstants ? `${dateString(ms)}+00:00` : localDateString(ms, connectionZone(entry))
}

/** An offset such as `+09`, `+05:30` or `Z`, in milliseconds. */
function offsetOf(text: string): number {
  if (text === 'Z') return 0
  const [hours = '0', minutes = '0', seconds = '0'] = text.slice(1).match(/\d\d/g) ?? []
  return (text.startsWith('-') ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
}

/**
 * The instant in a date column, in milliseconds since the epoch.
 * @param zone of dates without an offset
 * @throws TypeError for a value that is not a date
 */
export function fromDateString(value: unknown, zone: string): number {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime()
  if (value === 'infinity' || value === '-infinity') return value === 'infinity' ? Infinity : -Infinity
  const parts = typeof value === 'string' ? DATE.exec(value) : null
  if (parts === null) throw new TypeError(`A date column holds ${formatValue(value)}, which is not a date.`)
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] = parts
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  const local = date.setUTCHours(Number(hour), Number(minute), Number(second))
  // The month 13 and June 31 would roll over to the next year and month.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCHours() !== Number(hour)) {
    throw new TypeError(`A date column holds ${formatValue(value)}, which is not a date.`)
  }
  const rest = fraction === '' ? 0 : Number(fraction.slice(0, 6).padEnd(6, '0')) / 1000
  return (offset === undefined ? instantOf(local, zone) : local - offsetOf(offset)) + rest
}
