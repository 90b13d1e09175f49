/** The command-line options of `npm run bench`. */
import { parseArgs } from 'node:util'
import { GENERATORS, type Generator, generator } from './load/index.ts'

export interface BenchOptions {
  /** Words that must all occur in the name of a target. */
  readonly words: readonly string[]
  readonly rounds: number
  readonly seconds: number
  readonly generator: Generator
  readonly peers: boolean
  /** Whether to measure only targets with goals, and to judge them. */
  readonly goals: boolean
  readonly list: boolean
  readonly help: boolean
}

export class UsageError extends Error {}

export const USAGE = `npm run bench -- [word …] [--rounds N] [--seconds N] [--load wrk|autocannon] [--peers | --goals] [--list]

  word …       measures the targets whose name has all of these words, such as: counter sqlite
  --rounds N   measures each target N times, in turn with the others (1 to 100; 5 if not given)
  --seconds N  puts load on a server for N seconds, after a warm-up (0.1 to 60; 2 if not given)
  --load NAME  makes the load with wrk or autocannon (wrk if it is installed)
  --peers      measures other session libraries too; installs them into bench/peers at the first time
  --goals      measures what a goal is set for, and says which goals were met
  --list       prints the names of the targets`

export function numberIn(option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= least && value <= most) return value
  throw new UsageError(`--${option} should be a number from ${least} to ${most}, found '${text}'.`)
}

function generatorNamed(name: string): Generator {
  const found = Object.hasOwn(GENERATORS, name) ? GENERATORS[name] : undefined
  if (found !== undefined) return found
  throw new UsageError(`--load should be ${Object.keys(GENERATORS).join(' or ')}, found '${name}'.`)
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '2' },
        load: { type: 'string' },
        peers: { type: 'boolean', default: false },
        goals: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

/** @throws UsageError if an option is invalid */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parsed(args)
  const rounds = numberIn('rounds', values.rounds, 1, 100)
  if (!Number.isInteger(rounds)) throw new UsageError(`--rounds should be a whole number, found '${values.rounds}'.`)
  if (values.peers && values.goals) throw new UsageError('--goals has the peers that it needs; leave --peers out.')
  return {
    words: positionals,
    rounds,
    seconds: numberIn('seconds', values.seconds, 0.1, 60),
    generator: values.load === undefined ? generator() : generatorNamed(values.load),
    peers: values.peers,
    goals: values.goals,
    list: values.list,
    help: values.help,
  }
}
