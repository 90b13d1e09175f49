/** The text of a date in a database: `YYYY-MM-DD HH:MM:SS[.ffffff]`, with `+00:00` where the column keeps instants. */
import { formatValue } from '#core/utils'
import type { DatabaseBackend, DatabaseSettings } from './backend.ts'
import { connectionZone, instantOf, wallClockAt } from './zones.ts'

/** Texts of PostgreSQL, MySQL, SQLite and ISO 8601: the time, its fraction and the offset may be absent. */
const TEXT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?$/

/** The last texts that were made: the requests of a millisecond ask for the same one or two. */
const made = new Map<number, string>()
const MOST_MADE = 4

/** The text of a wall clock's reading, its fraction left out when zero. */
function textOf(wall: number): string {
  let text = made.get(wall)
  if (text === undefined) {
    text = newTextOf(wall)
    if (made.size >= MOST_MADE) made.clear()
    made.set(wall, text)
  }
  return text
}

function newTextOf(wall: number): string {
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
}

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
