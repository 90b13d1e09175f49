/** A goal compares measurements of the same rounds by the steadier figure, and can be missed. */
import { expect } from 'chai'
import { type Goal, GOALS, selectGoals, targetsOf } from '../../bench/goals.ts'
import type { Measurement } from '../../bench/measure.ts'
import type { RoundResult } from '../../bench/rounds.ts'
import { FLOOR, nameOf, type Target } from '../../bench/targets.ts'
import type { Rate } from '../../bench/under_load.ts'
import { goalReport, isMissed, judge } from '../../bench/goal_report.ts'

const [GOAL] = selectGoals(['counter', 'db-sqlite']) as [Goal]

interface Given {
  readonly requests: readonly number[]
  readonly cpu: readonly number[]
  readonly p99?: number
  /** The floor before and after, round by round. */
  readonly beside?: readonly Rate[]
}

const BARE: Rate = { requestsPerSecond: 100, cpu: 10 }

/** A result with a measurement for each round. */
function outcome(target: RoundResult['target'], { requests, cpu, p99 = 1, beside = [] }: Given): RoundResult {
  const measurement = (round: number): Measurement => ({
    requestsPerSecond: requests[round] as number,
    cpu: cpu[round] as number,
    p50: 1,
    p99,
    memory: 1,
    ...(target !== FLOOR && { floor: beside[round] ?? BARE }),
    problems: [],
  })
  return { target, measurements: new Map(requests.map((_, round) => [round, measurement(round)])), problems: new Set() }
}

const floor = (p99 = 1): RoundResult => outcome(FLOOR, { requests: [100, 100, 100], cpu: [10, 10, 10], p99 })

describe('a goal', () => {
  it('is judged by processor time if that is the same in each round and the speed is not', () => {
    const ours = outcome(GOAL.target, { requests: [10, 60, 90], cpu: [20, 20, 20] })
    const verdict = judge(GOAL, [floor(), ours])
    expect(verdict).to.include({ judgedBy: 'cpu', reached: 0.5, answer: 'met', p99: 'met' })
    expect(isMissed(verdict)).to.equal(false)
  })

  it('is judged by requests per second if they are steadier, and is missed below its share', () => {
    const ours = outcome(GOAL.target, { requests: [47, 47, 47], cpu: [10, 20, 30] })
    const verdict = judge(GOAL, [floor(), ours])
    expect(verdict).to.include({ judgedBy: 'requests', reached: 0.47, answer: 'MISSED' })
    expect(isMissed(verdict)).to.equal(true)
  })

  it('takes shares round by round, so that a slow round affects neither side', () => {
    const beside = [BARE, { requestsPerSecond: 10, cpu: 100 }]
    const ours = outcome(GOAL.target, { requests: [50, 5], cpu: [20, 200], beside })
    expect(judge(GOAL, [floor(), ours])).to.include({ reached: 0.5, answer: 'met' })
  })

  it('that is a share of a peer compares the shares of the floor next to each', () => {
    const [goal] = selectGoals(['counter', 'signed_cookies']) as [Goal]
    const beside = [{ requestsPerSecond: 50, cpu: 20 }]
    const ours = outcome(goal.target, { requests: [24], cpu: [42], beside })
    const peer = outcome(goal.base, { requests: [48], cpu: [21] })
    expect(judge(goal, [floor(), ours, peer])).to.include({ reached: 1, answer: 'met' })
  })

  it('is missed by a long wait, unless the floor has one as long', () => {
    const slow = outcome(GOAL.target, { requests: [50, 50, 50], cpu: [20, 20, 20], p99: 12 })
    expect(judge(GOAL, [floor(), slow])).to.include({ answer: 'met', p99: 'MISSED' })
    expect(isMissed(judge(GOAL, [floor(), slow]))).to.equal(true)
    expect(judge(GOAL, [floor(11), slow])).to.include({ answer: 'met', p99: 'floor is slower' })
    expect(isMissed(judge(GOAL, [floor(11), slow]))).to.equal(false)
  })

  it('is not met with wrong responses', () => {
    const wrong = outcome(GOAL.target, { requests: [90, 90, 90], cpu: [10, 10, 10] })
    wrong.problems.add('The counters went up by 1 for 2 requests.')
    expect(judge(GOAL, [floor(), wrong])).to.include({ answer: 'no result' })
    expect(isMissed(judge(GOAL, [floor(), wrong]))).to.equal(true)
  })

  it('is skipped if its store is not available', () => {
    const missing = { ...outcome(GOAL.target, { requests: [], cpu: [] }), unavailable: 'There is no SQLite.' }
    const text = goalReport([GOAL], [floor(), missing])
    expect(text).to.match(/0 of 1 goals met/)
    expect(text).to.contain('nuages counter db-sqlite: There is no SQLite.')
    expect(isMissed(judge(GOAL, [floor(), missing]))).to.equal(false)
  })

  it('of a signed cookie is a share of a peer', () => {
    const [goal] = selectGoals(['signed_cookies', 'counter']) as [Goal]
    expect(nameOf(goal.base)).to.equal('@fastify/secure-session counter signed_cookies')
    expect(targetsOf([goal])).to.include.members([FLOOR, goal.target, goal.base, ...goal.byHand])
    expect(goal.byHand.map(nameOf)).to.deep.equal(['limit, by hand counter signed_cookies'])
  })
})

describe('the report of the goals', () => {
  it('has a line for each, and reports too few rounds', () => {
    const ours = outcome(GOAL.target, { requests: [50, 50, 50], cpu: [20, 20, 20] })
    const text = goalReport([GOAL], [floor(), ours])
    expect(text).to.match(/^counter +db-sqlite +node:http +0\.480 +0\.500 +CPU +met /m)
    expect(text).to.contain('1 of 1 goals met')
    expect(text).to.contain('A judgement needs 5 rounds')
  })

  it('shows the results of hand-written pages in the same rounds', () => {
    const [page] = GOAL.byHand as [Target]
    const byHand = outcome(page, { requests: [60, 60, 60], cpu: [20, 20, 20] })
    const text = goalReport([GOAL], [floor(), byHand])
    expect(text).to.match(/Written by hand, in the same rounds:\n.*\ncounter +limit, by hand +db-sqlite +60 /)
  })

  it('has a unique name for every goal', () => {
    const names = GOALS.map(({ target }) => nameOf(target))
    expect(new Set(names).size).to.equal(names.length)
  })
})
