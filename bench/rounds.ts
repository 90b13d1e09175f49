/**
 * Measures each target once in each round, between two measurements of a floor server that runs during the whole round,
 * so that other load on the machine affects both.
 */
import { whole } from './figures.ts'
import { measure, type Measurement, type MeasureOptions, measureServer, withServer } from './measure.ts'
import { children } from './processes.ts'
import type { ServerProcess } from './server_process.ts'
import { Unavailable } from './stores.ts'
import { FLOOR, type Target } from './targets.ts'

export interface RoundResult {
  readonly target: Target
  /** Successful measurements by number of the round. */
  readonly measurements: Map<number, Measurement>
  /** Why the target cannot be measured on this machine. */
  unavailable?: string
  /** Errors of the server or its responses, as sentences. */
  readonly problems: Set<string>
}

/** One measurement relative to another: ratio of requests per second, and inverse ratio of CPU time. */
export interface Share {
  readonly requests: number
  readonly cpu: number
}

/** A measurement as a share of the floor before and after it; 1 for the floor itself. */
function shareOfFloor({ requestsPerSecond, cpu, floor }: Measurement): Share {
  if (floor === undefined) return { requests: 1, cpu: 1 }
  return { requests: requestsPerSecond / floor.requestsPerSecond, cpu: floor.cpu / cpu }
}

/** The result of a target relative to another one, for each round. */
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
  /** Called with each line of progress. */
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

/** The order of a round: first the floor, which is warm afterwards. Every second round has the reverse order. */
function orderOf(outcomes: readonly RoundResult[], round: number): RoundResult[] {
  const [floor, others] = [outcomes.filter(isFloor), outcomes.filter((each) => !isFloor(each))]
  return [...floor, ...(round % 2 === 0 ? others : others.toReversed())]
}

const isFloor = ({ target }: RoundResult): boolean => target === FLOOR

/** @param name returns the name of a target, for progress */
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
      // The run may be stopped while the floor server starts.
      if (children.stopped) return outcomes
      throw error
    }
  }
  return outcomes
}
