/**
 * Measures every target once in each round, between two turns of a bare server that lives as long as the round: what
 * disturbs the machine disturbs both.
 */
import { whole } from './figures.ts'
import { measure, type Measurement, type MeasureOptions, measureServer, withServer } from './measure.ts'
import { children } from './processes.ts'
import type { ServerProcess } from './server_process.ts'
import { Unavailable } from './stores.ts'
import { FLOOR, type Target } from './targets.ts'

export interface RoundResult {
  readonly target: Target
  /** By the number of the round, those that went well. */
  readonly measurements: Map<number, Measurement>
  /** Why it was not measured: something that this machine lacks. */
  unavailable?: string
  /** What was wrong with answers or server, a sentence each. */
  readonly problems: Set<string>
}

/** What one measurement reaches of another: its share of the requests per second, and of the processor time, inverted. */
export interface Share {
  readonly requests: number
  readonly cpu: number
}

/** A measurement as a share of the floor before and after it; all of it for the floor itself. */
function shareOfFloor({ requestsPerSecond, cpu, floor }: Measurement): Share {
  if (floor === undefined) return { requests: 1, cpu: 1 }
  return { requests: requestsPerSecond / floor.requestsPerSecond, cpu: floor.cpu / cpu }
}

/** An outcome as shares of another one, round by round. */
export function sharesOf(outcome: RoundResult, base: RoundResult): Share[] {
  return [...outcome.measurements].flatMap(([round, measurement]) => {
    const other = base.measurements.get(round)
    if (other === undefined) return []
    const [ours, theirs] = [shareOfFloor(measurement), shareOfFloor(other)]
    return { requests: ours.requests / theirs.requests, cpu: ours.cpu / theirs.cpu }
  })
}

export interface RoundOptions extends Omit<MeasureOptions, 'floor'> {
  readonly rounds: number
  /** Told what happens, a line each. */
  readonly progress: (line: string) => void
}

function summary({ requestsPerSecond, cpu, p99, problems }: Measurement): string {
  const wrong = problems.length === 0 ? '' : '  WRONG'
  return `${whole(requestsPerSecond)} requests/s, ${cpu.toFixed(1)} µs each, p99 ${p99.toFixed(1)} ms${wrong}`
}

interface TakeOptions extends RoundOptions {
  readonly floor: ServerProcess
}

async function take(outcome: RoundResult, round: number, name: string, options: TakeOptions): Promise<void> {
  const { floor, ...alone } = options
  const where = `${round + 1}/${options.rounds}  ${name}`
  try {
    const measurement = await (isFloor(outcome) ? measureServer(FLOOR, floor, alone) : measure(outcome.target, options))
    outcome.measurements.set(round, measurement)
    for (const problem of measurement.problems) outcome.problems.add(problem)
    options.progress(`${where}  ${summary(measurement)}`)
  } catch (error) {
    if (children.stopped) return
    const reason = error instanceof Error ? error.message : String(error)
    if (error instanceof Unavailable) outcome.unavailable = reason
    else outcome.problems.add(reason)
    options.progress(`${where}  ${error instanceof Unavailable ? 'not run' : 'FAILED'}: ${reason.split('\n')[0]}`)
  }
}

/** The order of a round: every other one backwards, after the floor, which is warm then. */
function orderOf(outcomes: readonly RoundResult[], round: number): RoundResult[] {
  const [floor, others] = [outcomes.filter(isFloor), outcomes.filter((each) => !isFloor(each))]
  return [...floor, ...(round % 2 === 0 ? others : others.toReversed())]
}

const isFloor = ({ target }: RoundResult): boolean => target === FLOOR

/** @param name of a target, for progress */
export async function runRounds(
  targets: readonly Target[],
  name: (target: Target) => string,
  options: RoundOptions,
): Promise<RoundResult[]> {
  const outcomes = targets.map((target): RoundResult => ({ target, measurements: new Map(), problems: new Set() }))
  for (let round = 0; round < options.rounds; round++) {
    try {
      await withServer(FLOOR, async (floor) => {
        for (const outcome of orderOf(outcomes, round)) {
          if (children.stopped) return
          if (outcome.unavailable === undefined) await take(outcome, round, name(outcome.target), { ...options, floor })
        }
      })
    } catch (error) {
      // Also while the bare server starts.
      if (children.stopped) return outcomes
      throw error
    }
  }
  return outcomes
}
