/** When a session ends: what `_session_expiry` in its data says, or SESSION_COOKIE_AGE. */
import { settings } from '#core/conf'
import { instantOf, localDateString } from '#core/db'
import { clock, unixSeconds } from '#core/utils'
import type { SessionDict } from './store.ts'

/** The key under which Django keeps a session's own expiry: seconds, or a date as ISO text. */
export const EXPIRY_KEY = '_session_expiry'

/** Seconds from now, a date, 0 for the end of the browser, null for the settings' default, or a length of time. */
export type Expiry =
  | number
  | Date
  | null
  | { readonly days?: number; readonly hours?: number; readonly minutes?: number; readonly seconds?: number }

/**
 * A date as Python's isoformat() writes it, microseconds only where there are any: in UTC, or where USE_TZ is false as
 * the wall clock of TIME_ZONE shows it, without a zone. Django's own `timezone.now() + length` is written so.
 * @throws RangeError outside the years 1 to 9999
 */
export function isoText(ms: number): string {
  const text = (zone: string): string => localDateString(ms, zone).replace(' ', 'T')
  return settings.USE_TZ ? `${text('UTC')}+00:00` : text(settings.TIME_ZONE)
}

/**
 * Milliseconds since the epoch of an ISO text; undefined where it is none. A text without a zone is what the wall clock
 * of TIME_ZONE shows, also where USE_TZ is true by now: sessions outlive a change of settings.
 */
export function parseIsoText(text: string): number | undefined {
  const found = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/.exec(text)
  if (found === null) return undefined
  const [, date, time, fraction = '', zone] = found
  const whole = Date.parse(`${date}T${time}${zone?.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2') ?? 'Z'}`)
  if (Number.isNaN(whole)) return undefined
  return (zone === undefined ? instantOf(whole, settings.TIME_ZONE) : whole) + Number(`0.${fraction || 0}`) * 1000
}

/** What setExpiry() stores for a value; undefined for nothing. */
export function storedExpiry(value: Expiry): number | string | undefined {
  if (value === null) return undefined
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`setExpiry takes a number of seconds, found ${value}.`)
    return Math.trunc(value)
  }
  if (value instanceof Date) return isoText(value.getTime())
  const { days = 0, hours = 0, minutes = 0, seconds = 0 } = value
  return isoText(clock.now() + (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)
}

/** The age in whole seconds: what is left of a date, rounded down, or a number as it is. */
export function expiryAge(
  data: Readonly<SessionDict>,
  modification = clock.now(),
  age = settings.SESSION_COOKIE_AGE,
): number {
  const expiry = data[EXPIRY_KEY]
  if (typeof expiry === 'string') {
    const date = parseIsoText(expiry)
    if (date !== undefined) return Math.floor((date - modification) / 1000)
  }
  // As in Django, 0 (until the browser closes) lasts as long in the store as no expiry at all.
  return typeof expiry === 'number' && expiry !== 0 ? expiry : age
}

/** The end of the session, in milliseconds since the epoch. */
export function expiresAt(
  data: Readonly<SessionDict>,
  modification = clock.now(),
  age = settings.SESSION_COOKIE_AGE,
): number {
  const expiry = data[EXPIRY_KEY]
  const date = typeof expiry === 'string' ? parseIsoText(expiry) : undefined
  return date ?? modification + expiryAge(data, modification, age) * 1000
}

export function expiresAtBrowserClose(data: Readonly<SessionDict>): boolean {
  const expiry = data[EXPIRY_KEY]
  return expiry === undefined || expiry === null ? settings.SESSION_EXPIRE_AT_BROWSER_CLOSE : expiry === 0
}

/** The key under which a session's beginning is kept, in seconds since the epoch, where SESSION_MAX_LIFETIME is set. */
export const STARTED_KEY = '_session_started'

/** Notes when a session began, if its life is limited and that is not known yet. */
export function noteStart(data: SessionDict): void {
  if (settings.SESSION_MAX_LIFETIME !== null && typeof data[STARTED_KEY] !== 'number') data[STARTED_KEY] = unixSeconds()
}

/** The moment after which a session is over however often it is used, in milliseconds since the epoch. */
export function latestEnd(data: Readonly<SessionDict>): number {
  const limit = settings.SESSION_MAX_LIFETIME
  const started = data[STARTED_KEY]
  return limit === null || typeof started !== 'number' ? Number.POSITIVE_INFINITY : (started + limit) * 1000
}
