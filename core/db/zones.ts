/** Wall clocks: what a clock on the wall of an IANA time zone shows at an instant, and which instant it showed a time at. */
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import type { DatabaseSettings } from './backend.ts'

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
