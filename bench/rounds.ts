/** Measures every target once in each round, so that what disturbs the machine disturbs all of them. */
import { measure, type Measurement, type MeasureOptions } from './measure.ts'
import { children } from './processes.ts'
import { Unavailable } from './stores.ts'
import { FLOOR, type Target } from './targets.ts'

export interface Outcome {
  readonly target: Target
  /** One of each round that went well. */
  readonly measurements: Measurement[]
  /** The same measurements as shares of the floor in their own round: requests per second, and processor time inverted. */
  readonly ratios: { readonly requests: number; readonly cpu: number }[]
  /** Why it was not measured: something that this machine lacks. */
  unavailable?: string
  /** What was wrong with answers or server, a sentence each. */
  readonly problems: Set<string>
}

export interface RoundOptions extends MeasureOptions {
  readonly rounds: number
  /** Told what happens, a line each. */
  readonly progress: (line: string) => void
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

function summary({ requestsPerSecond, cpu, problems }: Measurement): string {
  const wrong = problems.length === 0 ? '' : '  WRONG'
  return `${whole.format(requestsPerSecond)} requests/s, ${cpu.toFixed(1)} µs each${wrong}`
}

async function take(outcome: Outcome, options: RoundOptions, name: string): Promise<Measurement | undefined> {
  try {
    const measurement = await measure(outcome.target, options)
    outcome.measurements.push(measurement)
    for (const problem of measurement.problems) outcome.problems.add(problem)
    options.progress(`${name}  ${summary(measurement)}`)
    return measurement
  } catch (error) {
    if (children.stopped) return undefined
    const reason = error instanceof Error ? error.message : String(error)
    if (error instanceof Unavailable) outcome.unavailable = reason
    else outcome.problems.add(reason)
    options.progress(`${name}  ${error instanceof Unavailable ? 'not run' : 'FAILED'}: ${reason.split('\n')[0]}`)
    return undefined
  }
}

/** The order of a round: every other one backwards, after the floor, so that a drift weighs the same on all. */
function orderOf(outcomes: readonly Outcome[], round: number): Outcome[] {
  const [floor, others] = [outcomes.filter(isFloor), outcomes.filter((each) => !isFloor(each))]
  return [...floor, ...(round % 2 === 0 ? others : others.toReversed())]
}

const isFloor = ({ target }: Outcome): boolean => target === FLOOR

/** @param name of a target, for progress */
export async function runRounds(
  targets: readonly Target[],
  name: (target: Target) => string,
  options: RoundOptions,
): Promise<Outcome[]> {
  const outcomes = targets.map((target): Outcome => ({ target, measurements: [], ratios: [], problems: new Set() }))
  for (let round = 0; round < options.rounds; round++) {
    let floor: Measurement | undefined
    for (const outcome of orderOf(outcomes, round)) {
      if (children.stopped) return outcomes
      if (outcome.unavailable !== undefined) continue
      const measurement = await take(outcome, options, `${round + 1}/${options.rounds}  ${name(outcome.target)}`)
      if (isFloor(outcome)) floor = measurement
      if (measurement === undefined || floor === undefined) continue
      const requests = measurement.requestsPerSecond / floor.requestsPerSecond
      outcome.ratios.push({ requests, cpu: floor.cpu / measurement.cpu })
    }
  }
  return outcomes
}
