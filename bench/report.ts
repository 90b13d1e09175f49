/** Formats the results of a run: a table, the targets that were not run, and the errors. */
import { hundredths, megabytes, percent, plusMinus, tenths, whole } from './figures.ts'
import { type RoundResult, sharesOf } from './rounds.ts'
import { median, spread } from './statistics.ts'
import { alignedTable } from './table.ts'
import { FLOOR, nameOf } from './targets.ts'

const HEAD = [
  ['work', 'stack', 'sessions in'],
  ['requests/s', 'spread', 'ratio'],
  ['CPU µs', 'spread', 'ratio'],
  ['p50 ms', 'p99 ms', 'RSS MB', 'kept'],
].flat()
const WORD_COLUMNS = 3

function rowOf(outcome: RoundResult, floor: RoundResult | undefined): string[] {
  const { target } = outcome
  const measurements = [...outcome.measurements.values()]
  const ratios = floor === undefined ? [] : sharesOf(outcome, floor)
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
    [megabytes(median(all(({ memory }) => memory))), kept.length === 0 ? '' : percent(Math.min(...kept))],
  ].flat()
}

/** A table of the measurements, with ratios to the floor. Empty lines separate the workloads. */
export function measuredTable(outcomes: readonly RoundResult[], floor: RoundResult | undefined): string {
  const measured = outcomes.filter(({ measurements }) => measurements.size > 0)
  const rows = measured.flatMap((outcome, index) => {
    const previous = measured[index - 1]
    const row = rowOf(outcome, floor)
    return previous === undefined || previous.target.work === outcome.target.work ? [row] : [[], row]
  })
  return alignedTable([HEAD, ...rows], WORD_COLUMNS)
}

const listOf = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]

export const isWrong = ({ problems }: RoundResult): boolean => problems.size > 0

/** Lists of the targets that were not run, and of errors. */
export function remarks(outcomes: readonly RoundResult[]): string[] {
  const notRun = outcomes.flatMap(({ target, unavailable }) =>
    unavailable === undefined ? [] : [`${nameOf(target)}: ${unavailable.replaceAll(/\s*\n\s*/g, ' ')}`],
  )
  const wrong = outcomes.flatMap(({ target, problems }) => [...problems].map((each) => `${nameOf(target)}: ${each}`))
  return [...listOf('Not run:', notRun), ...listOf('WRONG, these are no results:', wrong)]
}

export function report(outcomes: readonly RoundResult[]): string {
  const floor = outcomes.find(({ target }) => target === FLOOR)
  return [measuredTable(outcomes, floor), ...remarks(outcomes)].join('\n')
}
