/** Reports whether goals were met, judged by the figure with the smaller spread between rounds. */
import { hundredths, plusMinus, tenths, thousandths } from './figures.ts'
import type { Goal } from './goals.ts'
import { measuredTable, remarks } from './report.ts'
import { type RoundResult, type Share, sharesOf } from './rounds.ts'
import { median, spread } from './statistics.ts'
import { alignedTable } from './table.ts'
import { FLOOR, nameOf, type Target } from './targets.ts'

/** Minimum number of rounds for a reliable median. */
export const LEAST_ROUNDS = 5

export type Answer = 'met' | 'MISSED' | 'not run' | 'no result' | 'floor is slower'

export interface GoalResult {
  readonly goal: Goal
  readonly answer: Answer
  /** Median of the shares, if there are any. */
  readonly reached?: number
  readonly judgedBy?: keyof Share
  /** The result for the 99th percentile, if the goal limits it. */
  readonly p99?: Answer
}

type Find = (target: Target) => RoundResult | undefined

const finder =
  (outcomes: readonly RoundResult[]): Find =>
  (target) =>
    outcomes.find((outcome) => outcome.target === target)

const column = (shares: readonly Share[], name: keyof Share): number[] => shares.map((share) => share[name])

/** The figure with the smaller spread; CPU time if both are equal. */
export function steadier(shares: readonly Share[]): keyof Share {
  const requests = spread(column(shares, 'requests')) ?? Infinity
  const cpu = spread(column(shares, 'cpu')) ?? Infinity
  return requests < cpu ? 'requests' : 'cpu'
}

const p99Of = (outcome: RoundResult): number => median([...outcome.measurements.values()].map(({ p99 }) => p99))

function judgeP99(longest: number, outcome: RoundResult, floor: RoundResult | undefined): Answer {
  if (p99Of(outcome) <= longest) return 'met'
  return floor !== undefined && floor.measurements.size > 0 && p99Of(floor) > longest ? 'floor is slower' : 'MISSED'
}

export function judge(goal: Goal, outcomes: readonly RoundResult[]): GoalResult {
  const find = finder(outcomes)
  const [outcome, base] = [find(goal.target), find(goal.base)]
  if (outcome === undefined || base === undefined) return { goal, answer: 'not run' }
  if ([outcome, base].some(({ unavailable }) => unavailable !== undefined)) return { goal, answer: 'not run' }
  const shares = sharesOf(outcome, base)
  const isWrong = [outcome, base].some(({ problems }) => problems.size > 0)
  if (isWrong || shares.length === 0) return { goal, answer: 'no result' }
  const judgedBy = steadier(shares)
  const reached = median(column(shares, judgedBy))
  return {
    goal,
    reached,
    judgedBy,
    answer: reached >= goal.share ? 'met' : 'MISSED',
    ...(goal.p99 !== undefined && { p99: judgeP99(goal.p99, outcome, find(FLOOR)) }),
  }
}

export const isMissed = ({ answer, p99 }: GoalResult): boolean =>
  answer === 'MISSED' || answer === 'no result' || p99 === 'MISSED'

const HEAD = [
  ['work', 'sessions in', 'share of'],
  ['goal', 'reached', 'judged by', 'verdict'],
  ['requests/s', 'spread', 'CPU', 'spread'],
  ['CPU µs', 'p99 ms', 'p99'],
].flat()
const WORD_COLUMNS = 3

function sharesAt(shares: readonly Share[]): [string, string, string, string] {
  if (shares.length === 0) return ['', '', '', '']
  const [requests, cpu] = [column(shares, 'requests'), column(shares, 'cpu')]
  return [hundredths(median(requests)), plusMinus(spread(requests)), hundredths(median(cpu)), plusMinus(spread(cpu))]
}

const JUDGED_BY = { requests: 'requests/s', cpu: 'CPU' } as const

function rowOf({ goal, answer, reached, judgedBy, p99 }: GoalResult, find: Find): string[] {
  const { target, base, share } = goal
  const [outcome, baseOutcome] = [find(target), find(base)]
  const shares = outcome === undefined || baseOutcome === undefined ? [] : sharesOf(outcome, baseOutcome)
  const measured = [...(outcome?.measurements.values() ?? [])]
  return [
    [target.stack === 'nuages' ? target.work : `${target.work}, ${target.stack.replace('nuages, ', '')}`],
    [target.store ?? '', base.stack],
    [thousandths(share), reached === undefined ? '' : thousandths(reached)],
    [judgedBy === undefined ? '' : JUDGED_BY[judgedBy], answer],
    sharesAt(shares),
    measured.length === 0
      ? ['', '']
      : [tenths(median(measured.map(({ cpu }) => cpu))), hundredths(median(measured.map(({ p99 }) => p99)))],
    [p99 ?? ''],
  ].flat()
}

export function goalReport(goals: readonly Goal[], outcomes: readonly RoundResult[]): string {
  const find = finder(outcomes)
  const verdicts = goals.map((goal) => judge(goal, outcomes))
  const floor = find(FLOOR)
  const floorP99 = floor === undefined || floor.measurements.size === 0 ? '' : `${hundredths(p99Of(floor))} ms`
  const met = verdicts.filter(({ answer }) => answer === 'met').length
  const byHand = outcomes.filter((outcome) => goals.some((goal) => goal.byHand.includes(outcome.target)))
  const rounds = Math.min(...verdicts.map(({ goal }) => find(goal.target)?.measurements.size ?? 0))
  return [
    alignedTable([HEAD, ...verdicts.map((verdict) => rowOf(verdict, find))], WORD_COLUMNS),
    '',
    `${met} of ${verdicts.length} goals met, judged by the steadier of the two shares; p99 of the floor ${floorP99}`,
    ...(rounds < LEAST_ROUNDS ? [`A judgement needs ${LEAST_ROUNDS} rounds; there is a goal with ${rounds}.`] : []),
    ...verdicts.filter(({ answer }) => answer === 'not run').map(({ goal }) => `${nameOf(goal.target)} was not run.`),
    ...(byHand.length === 0 ? [] : ['', 'Written by hand, in the same rounds:', measuredTable(byHand, floor)]),
    ...remarks(outcomes),
  ].join('\n')
}
