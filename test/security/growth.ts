/** Measures how the cost of a function grows with the length of its input. */
import { expect } from 'chai'

/** Lengths of the two inputs that are compared. */
const SHORT = 8000
const FACTOR = 4
/** Linear growth is 4, quadratic 16. */
const MOST_GROWTH = 9
/** Quadratic growth takes longer than this for the long input, in milliseconds, even if a step takes 0.04 ns. */
const QUICK = 20
const TRIES = 4

/** Milliseconds of processor time, which other processes do not affect as much as elapsed time. */
function cost(run: () => unknown): number {
  const start = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

/** The least cost of several runs, which is the least disturbed one. */
const leastCost = (run: () => unknown, runs: number): number =>
  Math.min(...Array.from({ length: runs }, () => cost(run)))

/** An input of about this many characters, from parts that are written around each other. */
export interface Family {
  readonly start?: string
  readonly repeated: string
  readonly end?: string
}

export function inputOf({ start = '', repeated, end = '' }: Family, length: number): string {
  return start + repeated.repeat(Math.ceil(length / repeated.length)) + end
}

/** Ignores errors, because refusing an input takes time, too. */
function attempt(fn: (text: string) => unknown, text: string): void {
  try {
    fn(text)
  } catch {
    // Refused.
  }
}

/**
 * Expects that an input four times as long takes about four times as long. Tried several times, because other work on
 * the machine disturbs a measurement, but never makes quadratic growth look linear each time.
 */
export function expectLinear(fn: (text: string) => unknown, family: Family): void {
  const [short, long] = [SHORT, SHORT * FACTOR].map((length) => inputOf(family, length)) as [string, string]
  let growth = Number.POSITIVE_INFINITY
  attempt(fn, short)
  for (let i = 0; i < TRIES && growth > MOST_GROWTH; i++) {
    const ofLong = leastCost(() => attempt(fn, long), i === 0 ? 1 : 2)
    if (ofLong < QUICK) return
    growth = Math.min(
      growth,
      ofLong /
        Math.max(
          leastCost(() => attempt(fn, short), 4),
          QUICK / FACTOR ** 2,
        ),
    )
  }
  expect(growth, `growth for ${JSON.stringify(inputOf(family, 60))}`).to.be.at.most(MOST_GROWTH)
}
