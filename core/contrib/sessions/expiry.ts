/** When a session ends: what `_session_expiry` in its data says, or SESSION_COOKIE_AGE. */
import { settings } from '#core/conf'
import { instantOf, localDateString, secondInstantOf } from '#core/db'
import { clock, formatValue, unixSeconds } from '#core/utils'
import type { SessionDict } from './store.ts'

/** The key under which Django keeps a session's own expiry: seconds, or a date as ISO text. */
export const EXPIRY_KEY = '_session_expiry'

/** Seconds from now, a date, 0 for the end of the browser, null for the settings' default, or a length of time. */
export type Expiry =
  | number
  | Date
  | null
  | { readonly days?: number; readonly hours?: number; readonly minutes?: number; readonly seconds?: number }

/** The first and the last moment that Python's datetime, a database and a cookie can all express, in milliseconds. */
const FIRST = Date.parse('0001-01-02T00:00:00Z')
const LAST = Date.parse('9999-12-30T23:59:59Z')

const withinLimits = (ms: number): number => Math.min(Math.max(ms, FIRST), LAST)

/**
 * A local time that occurs twice, when clocks are set back, has no notation of its own in Python's isoformat(). The
 * second one is marked by a microsecond, which Django reads like any other.
 */
const SECOND_TIME = 0.001

/**
 * A date as Python's isoformat() writes it, microseconds only where there are any: in UTC, or where USE_TZ is false as
 * the wall clock of TIME_ZONE shows it, without a zone. Django's own `timezone.now() + length` is written so.
 * @throws RangeError outside the years 1 to 9999
 */
export function isoText(ms: number): string {
  const text = (instant: number, zone: string): string => localDateString(instant, zone).replace(' ', 'T')
  if (settings.USE_TZ) return `${text(ms, 'UTC')}+00:00`
  const local = text(ms, settings.TIME_ZONE)
  const isSecond = Math.abs((parseIsoText(local) as number) - ms) >= 1000
  return isSecond ? text(Math.floor(ms) + SECOND_TIME, settings.TIME_ZONE) : local
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
  const ms = Number(`0.${fraction || 0}`) * 1000
  if (zone !== undefined) return whole + ms
  const isMarked = Math.round((ms % 1) * 1000) === SECOND_TIME * 1000
  const second = isMarked ? secondInstantOf(whole, settings.TIME_ZONE) : undefined
  return second === undefined ? instantOf(whole, settings.TIME_ZONE) + ms : second + Math.floor(ms)
}

const LENGTHS = { days: 86_400, hours: 3600, minutes: 60, seconds: 1 } as const

/** The seconds of a length of time. @throws TypeError for anything else */
function secondsOf(value: object): number {
  const parts = Object.entries(value as Record<string, unknown>).filter(([, amount]) => amount !== undefined)
  const isLength = parts.every(
    ([unit, amount]) => Object.hasOwn(LENGTHS, unit) && typeof amount === 'number' && Number.isFinite(amount),
  )
  if (parts.length === 0 || !isLength || Object.getPrototypeOf(value) !== Object.prototype) throw notAnExpiry(value)
  return parts.reduce((sum, [unit, amount]) => sum + (amount as number) * LENGTHS[unit as keyof typeof LENGTHS], 0)
}

const notAnExpiry = (value: unknown): TypeError =>
  new TypeError(
    `setExpiry() takes a finite number of seconds, a valid Date, null, or numbers of { days, hours, minutes, seconds }; found ${formatValue(value)}.`,
  )

/** @throws RangeError for an end that a date cannot express */
function checkEnd(ms: number, value: unknown): void {
  if (ms >= FIRST && ms <= LAST) return
  throw new RangeError(`setExpiry() takes an end between the years 1 and 9999; ${formatValue(value)} is beyond them.`)
}

/**
 * What setExpiry() stores for a value; undefined for nothing.
 * @throws TypeError for a value of another type, RangeError for an end outside the years 1 to 9999
 */
export function storedExpiry(value: Expiry): number | string | undefined {
  if (value === null) return undefined
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw notAnExpiry(value)
    checkEnd(clock.now() + value * 1000, value)
    // A fraction must not become 0, which is the end of the browser.
    return Math.trunc(value) || Math.sign(value)
  }
  if (typeof value !== 'object') throw notAnExpiry(value)
  const isDate = value instanceof Date
  if (isDate && Number.isNaN(value.getTime())) throw notAnExpiry(value)
  const end = isDate ? value.getTime() : clock.now() + secondsOf(value) * 1000
  checkEnd(end, value)
  return isoText(end)
}

/** The age in whole seconds: what is left of a date, rounded down, or a number as it is. */
export function expiryAge(
  data: Readonly<SessionDict>,
  modification = clock.now(),
  age = settings.SESSION_COOKIE_AGE,
): number {
  return Math.floor((expiresAt(data, modification, age) - modification) / 1000)
}

/**
 * The end of the session, in milliseconds since the epoch. An end that no date can express, as another program may have
 * stored it, is the last or first one that can.
 */
export function expiresAt(
  data: Readonly<SessionDict>,
  modification = clock.now(),
  age = settings.SESSION_COOKIE_AGE,
): number {
  if (Number.isNaN(modification)) throw new TypeError('The moment of modification should be a valid Date.')
  const expiry = data[EXPIRY_KEY]
  const date = typeof expiry === 'string' ? parseIsoText(expiry) : undefined
  // As in Django, 0 (until the browser closes) lasts as long in the store as no expiry at all.
  const seconds = isNumber(expiry) && Number(expiry) !== 0 ? Number(expiry) : age
  return withinLimits(date ?? modification + seconds * 1000)
}

/** Numbers beyond 2^53, as another program may have stored them, are read as bigint. */
const isNumber = (value: unknown): value is number | bigint =>
  (typeof value === 'number' && !Number.isNaN(value)) || typeof value === 'bigint'

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
  if (limit === null || typeof started !== 'number') return Number.POSITIVE_INFINITY
  return withinLimits((started + limit) * 1000)
}
