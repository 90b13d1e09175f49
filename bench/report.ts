/** The outcome of a run as people read it: a table, what was not run, what was wrong. */
import type { Outcome } from './rounds.ts'
import { median, spread } from './statistics.ts'
import { alignedTable } from './table.ts'
import { nameOf } from './targets.ts'

const HEAD = [
  ['work', 'stack', 'sessions in'],
  ['requests/s', 'spread', 'ratio'],
  ['CPU µs', 'spread', 'ratio'],
  ['p50 ms', 'p99 ms', 'RSS MB', 'kept'],
].flat()
const WORD_COLUMNS = 3

const number = (digits: number): ((value: number) => string) => {
  const format = new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return (value) => format.format(value)
}
const [whole, tenths, hundredths] = [number(0), number(1), number(2)]

const plusMinus = (share: number | undefined): string => (share === undefined ? '' : `±${whole(share * 100)} %`)

/** Rounded down: only all is all. */
const percent = (share: number): string => `${Math.floor(share * 10_000) / 100} %`

function rowOf({ target, measurements, ratios }: Outcome): string[] {
  const all = (pick: (measurement: (typeof measurements)[number]) => number): number[] => measurements.map(pick)
  const speeds = all(({ requestsPerSecond }) => requestsPerSecond)
  const costs = all(({ cpu }) => cpu)
  const ratio = (name: 'requests' | 'cpu') =>
    ratios.length === 0 ? '' : hundredths(median(ratios.map((each) => each[name])))
  const kept = measurements.flatMap(({ kept }) => kept ?? [])
  return [
    [target.work, target.stack, target.store ?? ''],
    [whole(median(speeds)), plusMinus(spread(speeds)), ratio('requests')],
    [tenths(median(costs)), plusMinus(spread(costs)), ratio('cpu')],
    [hundredths(median(all(({ p50 }) => p50))), hundredths(median(all(({ p99 }) => p99)))],
    [whole(median(all(({ memory }) => memory)) / 2 ** 20), kept.length === 0 ? '' : percent(Math.min(...kept))],
  ].flat()
}

/** An empty line between two kinds of work. */
function grouped(outcomes: readonly Outcome[]): string[][] {
  return outcomes.flatMap((outcome, index) => {
    const previous = outcomes[index - 1]
    const row = rowOf(outcome)
    return previous === undefined || previous.target.work === outcome.target.work ? [row] : [[], row]
  })
}

const listed = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]

export const isWrong = ({ problems }: Outcome): boolean => problems.size > 0

export function report(outcomes: readonly Outcome[]): string {
  const measured = outcomes.filter(({ measurements }) => measurements.length > 0)
  const notRun = outcomes.flatMap(({ target, unavailable }) =>
    unavailable === undefined ? [] : [`${nameOf(target)}: ${unavailable.replaceAll(/\s*\n\s*/g, ' ')}`],
  )
  const wrong = outcomes.flatMap(({ target, problems }) => [...problems].map((each) => `${nameOf(target)}: ${each}`))
  return [
    alignedTable([HEAD, ...grouped(measured)], WORD_COLUMNS),
    ...listed('Not run:', notRun),
    ...listed('WRONG, these are no results:', wrong),
  ].join('\n')
}
