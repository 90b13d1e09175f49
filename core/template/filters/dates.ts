/** Filters for dates: date, time, timesince, timeuntil. */
import { clock } from '#core/utils'
import { formatDate } from '../dateformat.ts'
import { stringOf } from '../safe.ts'
import type { Filter } from '../library.ts'

/** Converts a date, or a string in ISO format such as from JSON. */
function asDate(value: unknown): Date | undefined {
  const date = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value) ? new Date(value) : value
  return date instanceof Date && !Number.isNaN(date.getTime()) ? date : undefined
}

const formatFilter =
  (defaultFormat: string): Filter =>
  (value, argument) => {
    const date = asDate(value)
    return date === undefined ? '' : formatDate(date, argument === undefined ? defaultFormat : stringOf(argument))
  }

const MINUTE = 60_000
const SMALL_UNITS: readonly [name: string, milliseconds: number][] = [
  ['week', 7 * 24 * 60 * MINUTE],
  ['day', 24 * 60 * MINUTE],
  ['hour', 60 * MINUTE],
  ['minute', MINUTE],
]

/** Adds months to a date. The 31st becomes the last day of a shorter month. */
function addMonths(date: Date, months: number): Date {
  const later = new Date(date)
  later.setUTCDate(1)
  later.setUTCMonth(later.getUTCMonth() + months)
  const days = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate()
  later.setUTCDate(Math.min(date.getUTCDate(), days))
  return later
}

/** The time between two dates in years, months, weeks, days, hours and minutes. */
function elapsed(from: Date, to: Date): [name: string, count: number][] {
  let months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth()
  if (addMonths(from, months) > to) months--
  let rest = to.getTime() - addMonths(from, months).getTime()
  const parts: [string, number][] = [
    ['year', Math.floor(months / 12)],
    ['month', months % 12],
  ]
  for (const [name, size] of SMALL_UNITS) {
    parts.push([name, Math.floor(rest / size)])
    rest %= size
  }
  return parts
}

/** The two largest adjacent units, with no-break spaces: `2 years, 3 months`. */
function difference(from: Date, to: Date): string {
  if (from >= to) return '0\u00a0minutes'
  const parts = elapsed(from, to)
  const first = parts.findIndex(([, count]) => count > 0)
  if (first < 0) return '0\u00a0minutes'
  const shown = parts.slice(first, first + 2)
  const used = shown[1]?.[1] === 0 ? shown.slice(0, 1) : shown
  return used.map(([name, count]) => `${count}\u00a0${name}${count === 1 ? '' : 's'}`).join(', ')
}

export const dateFilters: Readonly<Record<string, Filter>> = {
  date: formatFilter('DATE_FORMAT'),
  time: formatFilter('TIME_FORMAT'),
  timesince(value, argument) {
    const date = asDate(value)
    return date === undefined ? '' : difference(date, asDate(argument) ?? new Date(clock.now()))
  },
  timeuntil(value, argument) {
    const date = asDate(value)
    return date === undefined ? '' : difference(asDate(argument) ?? new Date(clock.now()), date)
  },
}
