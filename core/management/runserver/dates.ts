/** Dates in the banner and in the request log, in the site's time zone. */

type Parts = Readonly<Record<string, string>>

function partsOf(time: number, timeZone: string, month: 'long' | 'short'): Parts {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    year: 'numeric',
    month,
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  return Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]))
}

/** `November 21, 2026 - 07:11:12` */
export function bannerDate(time: number, timeZone: string): string {
  const { month, day, year, hour, minute, second } = partsOf(time, timeZone, 'long')
  return `${month} ${day}, ${year} - ${hour}:${minute}:${second}`
}

/** `21/Nov/2026 07:11:12` */
export function logDate(time: number, timeZone: string): string {
  const { month, day, year, hour, minute, second } = partsOf(time, timeZone, 'short')
  return `${day}/${month}/${year} ${hour}:${minute}:${second}`
}

/** The same, made once a second: many requests share it. */
export function logDateEachSecond(timeZone: string): (time: number) => string {
  let lastSecond = Number.NaN
  let text = ''
  return (time) => {
    const second = Math.floor(time / 1000)
    if (second !== lastSecond) {
      lastSecond = second
      text = logDate(time, timeZone)
    }
    return text
  }
}
