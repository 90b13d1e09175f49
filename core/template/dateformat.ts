/** Formats dates with Django's format strings (`Y-m-d H:i`, `N j, Y, P`). */
import { settings } from '#core/conf'

/** The format settings of Django's English locale. */
const NAMED_FORMATS: Readonly<Record<string, string>> = {
  DATE_FORMAT: 'N j, Y',
  DATETIME_FORMAT: 'N j, Y, P',
  TIME_FORMAT: 'P',
  YEAR_MONTH_FORMAT: 'F Y',
  MONTH_DAY_FORMAT: 'F j',
  SHORT_DATE_FORMAT: 'm/d/Y',
  SHORT_DATETIME_FORMAT: 'm/d/Y P',
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
// Abbreviations in Associated Press style.
const AP_MONTHS = 'Jan. Feb. March April May June July Aug. Sept. Oct. Nov. Dec.'.split(' ')
const DAY = 86_400_000

// Days around 1970 for which dates are formatted. The first and last year of Date are left out, because their first of
// January or their local time may be out of range.
const MAX_DAYS = 100_000_000 - 366

/** A date and its local time in a time zone. */
interface WallClock {
  readonly date: Date
  /** The local time as if it were UTC, for the UTC getters of Date. */
  readonly wall: Date
  readonly zone: string
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(timeZone: string): Intl.DateTimeFormat {
  let known = formatters.get(timeZone)
  if (known === undefined) {
    const two = '2-digit'
    const time = { hour: two, minute: two, second: two, hourCycle: 'h23' } as const
    known = new Intl.DateTimeFormat('en-US', { timeZone, year: 'numeric', month: two, day: two, era: 'short', ...time })
    formatters.set(timeZone, known)
  }
  return known
}

function wallClock(date: Date, zone: string): WallClock {
  const parts = Object.fromEntries(
    formatter(zone)
      .formatToParts(date)
      .map(({ type, value }) => [type, value]),
  )
  const [year, month, day] = [Number(parts.year), Number(parts.month) - 1, Number(parts.day)]
  const wall = new Date(0)
  wall.setUTCFullYear(parts.era === 'BC' ? 1 - year : year, month, day)
  const milliseconds = ((date.getTime() % 1000) + 1000) % 1000
  wall.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second), milliseconds)
  return { date, wall, zone }
}

const two = (value: number): string => String(value).padStart(2, '0')
const hour12 = (wall: Date): number => wall.getUTCHours() % 12 || 12
const month = (wall: Date): string => MONTHS[wall.getUTCMonth()] as string
const weekday = (wall: Date): string => DAYS[wall.getUTCDay()] as string
const isLeap = (year: number): boolean => new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1
const dayOfYear = (wall: Date): number => Math.floor((wall.getTime() - Date.UTC(wall.getUTCFullYear(), 0, 1)) / DAY) + 1

/** ISO week and its year. A week belongs to the year of its Thursday. */
function isoWeek(wall: Date): { year: number; week: number } {
  const thursday = new Date(wall.getTime() + (4 - (wall.getUTCDay() || 7)) * DAY)
  return { year: thursday.getUTCFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) }
}

function offsetMinutes({ date, wall }: WallClock): number {
  return Math.round((wall.getTime() - date.getTime()) / 60_000)
}

function offset(at: WallClock, separator: string): string {
  const minutes = Math.abs(offsetMinutes(at))
  return `${offsetMinutes(at) < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${separator}${two(minutes % 60)}`
}

function ordinalSuffix(day: number): string {
  if (day >= 11 && day <= 13) return 'th'
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'
}

/** `1 p.m.`, `1:30 p.m.`, `midnight`, `noon`. */
function apTime(wall: Date): string {
  const [hours, minutes] = [wall.getUTCHours(), wall.getUTCMinutes()]
  if (minutes === 0 && hours % 12 === 0) return hours === 0 ? 'midnight' : 'noon'
  return `${hour12(wall)}${minutes === 0 ? '' : `:${two(minutes)}`} ${hours < 12 ? 'a.m.' : 'p.m.'}`
}

function zoneName({ date, zone }: WallClock): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' }).formatToParts(date)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone
}

function standardOffset(at: WallClock): number {
  const year = at.wall.getUTCFullYear()
  const [winter, summer] = [0, 6].map((m) => offsetMinutes(wallClock(new Date(Date.UTC(year, m, 1)), at.zone)))
  return Math.min(winter as number, summer as number)
}

const LETTERS: Readonly<Record<string, (wall: Date, at: WallClock) => string | number>> = {
  a: (w) => (w.getUTCHours() < 12 ? 'a.m.' : 'p.m.'),
  A: (w) => (w.getUTCHours() < 12 ? 'AM' : 'PM'),
  b: (w) => month(w).slice(0, 3).toLowerCase(),
  c: (w, at) => `${w.toISOString().slice(0, w.getUTCMilliseconds() === 0 ? 19 : 23)}${offset(at, ':')}`,
  d: (w) => two(w.getUTCDate()),
  D: (w) => weekday(w).slice(0, 3),
  e: (_, at) => zoneName(at),
  E: month,
  f: (w) => `${hour12(w)}${w.getUTCMinutes() === 0 ? '' : `:${two(w.getUTCMinutes())}`}`,
  F: month,
  g: hour12,
  G: (w) => w.getUTCHours(),
  h: (w) => two(hour12(w)),
  H: (w) => two(w.getUTCHours()),
  i: (w) => two(w.getUTCMinutes()),
  I: (_, at) => (offsetMinutes(at) > standardOffset(at) ? '1' : '0'),
  j: (w) => w.getUTCDate(),
  l: weekday,
  L: (w) => (isLeap(w.getUTCFullYear()) ? 'True' : 'False'),
  m: (w) => two(w.getUTCMonth() + 1),
  M: (w) => month(w).slice(0, 3),
  n: (w) => w.getUTCMonth() + 1,
  N: (w) => AP_MONTHS[w.getUTCMonth()] as string,
  o: (w) => isoWeek(w).year,
  O: (_, at) => offset(at, ''),
  P: apTime,
  r: (_, at) => `${formatAt(at, 'D, j M Y H:i:s')} ${offset(at, '')}`,
  s: (w) => two(w.getUTCSeconds()),
  S: (w) => ordinalSuffix(w.getUTCDate()),
  t: (w) => new Date(Date.UTC(w.getUTCFullYear(), w.getUTCMonth() + 1, 0)).getUTCDate(),
  T: (_, at) => zoneName(at),
  u: (w) => String(w.getUTCMilliseconds() * 1000).padStart(6, '0'),
  U: (_, at) => Math.floor(at.date.getTime() / 1000),
  w: (w) => w.getUTCDay(),
  W: (w) => isoWeek(w).week,
  y: (w) => two(w.getUTCFullYear() % 100),
  Y: (w) => String(w.getUTCFullYear()).padStart(4, '0'),
  z: dayOfYear,
  Z: (_, at) => offsetMinutes(at) * 60,
}

function formatAt(at: WallClock, format: string): string {
  // The results of letters are remembered, because the name of a time zone is expensive.
  const known = new Map<string, string>()
  const formatLetter = (letter: string): string | undefined => {
    if (!known.has(letter) && Object.hasOwn(LETTERS, letter)) known.set(letter, String(LETTERS[letter]?.(at.wall, at)))
    return known.get(letter)
  }
  return format.replace(/\\(.)|([A-Za-z])/gs, (whole, escaped: string | undefined, letter: string) => {
    if (escaped !== undefined) return escaped
    return formatLetter(letter) ?? whole
  })
}

/**
 * Formats a date. Returns an empty string for an invalid date.
 * @param format a format string of Django's `date` filter (`\` escapes a letter), or the name of a format setting such
 *   as `DATE_FORMAT`
 * @param zone the time zone; TIME_ZONE by default
 */
export function formatDate(date: Date, format: string, zone: string = settings.TIME_ZONE): string {
  if (!(Math.abs(date.getTime()) <= MAX_DAYS * DAY)) return ''
  const named = Object.hasOwn(NAMED_FORMATS, format) ? (NAMED_FORMATS[format] as string) : format
  return formatAt(wallClock(date, zone), named)
}
