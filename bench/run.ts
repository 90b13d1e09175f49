/** `npm run bench`: measures the cost of sessions in this framework and others, in one run. */
import { cpus } from 'node:os'
import { type Goal, selectGoals, targetsOf } from './goals.ts'
import { type BenchOptions, parseOptions, USAGE, UsageError } from './options.ts'
import { CONNECTIONS, SESSIONS } from './measure.ts'
import { installPeers } from './peers.ts'
import { children, cores } from './processes.ts'
import { isWrong, report } from './report.ts'
import { type RoundResult, runRounds } from './rounds.ts'
import { FLOOR, isPeer, nameOf, selectTargets, type Target } from './targets.ts'
import { goalReport, isMissed, judge } from './goal_report.ts'

const STOPPED = 130
const WRONG_USAGE = 2

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const tell = (text: string): void => void process.stderr.write(`${text}\n`)

/** Ctrl-C ends all processes and removes their stores. A second Ctrl-C exits immediately. */
function stopOnSignals(): void {
  const stop = () => {
    if (children.stopped) process.exit(STOPPED)
    children.stopAll()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.once('exit', () => children.stopAll())
}

function conditions({ rounds, seconds, generator }: BenchOptions): string {
  const pinning =
    cores.server === undefined ? 'nothing pinned' : `server on core ${cores.server}, load on core ${cores.load}`
  return [
    `${cpus()[0]?.model.trim() ?? 'unknown processor'}, Node ${process.version}, ${generator.name}, ${pinning}`,
    `${rounds} × ${seconds} s, ${CONNECTIONS} connections, ${SESSIONS} sessions; medians; ratio to a bare node:http hello`,
  ].join('\n')
}

function goalsOf(words: readonly string[]): Goal[] {
  const goals = selectGoals(words)
  if (goals.length > 0) return goals
  throw new UsageError(`There is no goal for a target with all of these words in its name: ${words.join(', ')}.`)
}

/** The report as a string, and whether the run succeeded. */
function concluded(
  { goals, words }: BenchOptions,
  outcomes: readonly RoundResult[],
): { text: string; isGood: boolean } {
  const isMeasured = outcomes.some(({ measurements }) => measurements.size > 0)
  const isGood = isMeasured && !outcomes.some(isWrong)
  if (!goals) return { text: report(outcomes), isGood }
  const wanted = goalsOf(words)
  const isReached = !wanted.map((goal) => judge(goal, outcomes)).some(isMissed)
  return { text: goalReport(wanted, outcomes), isGood: isGood && isReached }
}

function selected({ words, peers, goals }: BenchOptions): Target[] {
  if (goals) return targetsOf(goalsOf(words))
  const targets = selectTargets(words, peers)
  if (words.length === 0 || targets.length > 1 || words.every((word) => nameOf(FLOOR).includes(word))) return targets
  throw new UsageError(`No target has all of these words in its name: ${words.join(', ')}. --list prints the names.`)
}

async function bench(options: BenchOptions): Promise<number> {
  const targets = selected(options)
  if (options.list) {
    say(targets.map(nameOf).join('\n'))
    return 0
  }
  if (targets.some(isPeer)) await installPeers(tell)
  const outcomes = await runRounds(targets, nameOf, { ...options, progress: tell })
  if (children.stopped) return STOPPED
  const { text, isGood } = concluded(options, outcomes)
  say(`${conditions(options)}\n\n${text}`)
  return isGood ? 0 : 1
}

stopOnSignals()
try {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) say(USAGE)
  else process.exitCode = await bench(options)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  tell(`${error.message}\n\n${USAGE}`)
  process.exitCode = WRONG_USAGE
}
