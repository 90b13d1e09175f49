/** The text of a date in a database: `YYYY-MM-DD HH:MM:SS[.ffffff]`, with `+00:00` where the column keeps instants. */
import { memoizeNumber } from '#core/concurrency'
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import type { DatabaseBackend, DatabaseSettings } from './backend.ts'
import { formatValue } from '#core/utils'

// Wall clocks: what a clock on the wall of an IANA time zone shows at an instant, and which instant it showed a time at.

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
      throw new ImproperlyConfigured(`TIME_ZONE is '${zone}', which is no IANA time zone such as 'Europe/Berlin'.`, {
        cause,
      })
    }
    formatters.set(zone, found)
  }
  return found
}

/** Milliseconds of a wall clock, counted as though the wall hung in UTC. */
function utcOf(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const date = new Date(0)
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day)
  return date.setUTCHours(hour, minute, second, 0)
}

/** How far a zone's wall clock is ahead of UTC at an instant, in milliseconds. */
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

/** The wall clock's reading at an instant, as milliseconds counted as though the wall hung in UTC. */
export const wallClockAt = (ms: number, zone: string): number => ms + offsetAt(ms, zone)

/**
 * The instant at which a wall clock showed a time. A time that was shown twice is the first, and one that was skipped
 * is as far after the leap as it seems to be: what Python does with `fold=0`.
 */
export function instantOf(wall: number, zone: string): number {
  if (zone === 'UTC') return wall
  const before = offsetAt(wall - DAY, zone)
  const after = offsetAt(wall + DAY, zone)
  if (offsetAt(wall - before, zone) === before || offsetAt(wall - after, zone) !== after) return wall - before
  return wall - after
}

/** The zone of the wall clocks in a database: Django's `connection.timezone`. */
export function connectionZone({ TIME_ZONE }: DatabaseSettings): string {
  return settings.USE_TZ ? (TIME_ZONE ?? 'UTC') : settings.TIME_ZONE
}

/** Texts of PostgreSQL, MySQL, SQLite and ISO 8601: the time, its fraction and the offset may be absent. */
const TEXT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?$/

/** The text of a wall clock's reading, its fraction left out when zero. */
const textOf = memoizeNumber((wall) => {
  let whole = Math.floor(wall)
  let micros = Math.round((wall - whole) * 1000)
  if (micros === 1000) {
    whole += 1
    micros = 0
  }
  const date = new Date(whole)
  const year = date.getUTCFullYear()
  if (!(year >= 1 && year <= 9999)) {
    throw new RangeError(`A date in a database lies between the years 1 and 9999; ${wall} ms is none.`)
  }
  const fraction = date.getUTCMilliseconds() * 1000 + micros
  const text = date.toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, 19)}${fraction === 0 ? '' : `.${String(fraction).padStart(6, '0')}`}`
})

/** What a wall clock of `zone` shows at an instant. */
export const wallClockText = (ms: number, zone: string): string => textOf(wallClockAt(ms, zone))

export function toDateText(ms: number, { keepsInstants }: DatabaseBackend, entry: DatabaseSettings): string {
  return keepsInstants ? `${textOf(ms)}+00:00` : wallClockText(ms, connectionZone(entry))
}

/** Milliseconds that an offset such as `+09`, `+05:30` or `Z` is ahead of UTC. */
function offsetOf(text: string): number {
  if (text === 'Z') return 0
  const [hours = '0', minutes = '0', seconds = '0'] = text.slice(1).match(/\d\d/g) ?? []
  return (text.startsWith('-') ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
}

/** @param zone of wall clocks without an offset of their own */
export function fromDateText(value: unknown, zone: string): number {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime()
  if (value === 'infinity' || value === '-infinity') return value === 'infinity' ? Infinity : -Infinity
  const parts = typeof value === 'string' ? TEXT.exec(value) : null
  if (parts === null) throw new TypeError(`A date column holds ${formatValue(value)}, which is no date.`)
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] = parts
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  const wall = date.setUTCHours(Number(hour), Number(minute), Number(second))
  // A month 13 or a day 31 of June would move on to the next; such a date stands in no calendar.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCHours() !== Number(hour)) {
    throw new TypeError(`A date column holds ${formatValue(value)}, which is no date.`)
  }
  const rest = fraction === '' ? 0 : Number(fraction.slice(0, 6).padEnd(6, '0')) / 1000
  return (offset === undefined ? instantOf(wall, zone) : wall - offsetOf(offset)) + rest
}
