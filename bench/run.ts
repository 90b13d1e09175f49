/** `npm run bench`: what a session costs, here and elsewhere, side by side in one run. */
import { cpus } from 'node:os'
import { type BenchOptions, parseOptions, USAGE, UsageError } from './options.ts'
import { CONNECTIONS, SESSIONS } from './measure.ts'
import { installPeers } from './peers.ts'
import { children, cores } from './processes.ts'
import { isWrong, report } from './report.ts'
import { runRounds } from './rounds.ts'
import { FLOOR, nameOf, selectTargets, type Target } from './targets.ts'

const STOPPED = 130
const WRONG_USAGE = 2

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const tell = (text: string): void => void process.stderr.write(`${text}\n`)

/** Ctrl-C ends all processes and lets their stores be cleared away; a second one does not wait for that. */
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

function selected({ words, peers }: BenchOptions): Target[] {
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
  if (options.peers) await installPeers(tell)
  const outcomes = await runRounds(targets, nameOf, { ...options, progress: tell })
  if (children.stopped) return STOPPED
  say(`${conditions(options)}\n\n${report(outcomes)}`)
  return outcomes.some(isWrong) || outcomes.every(({ measurements }) => measurements.length === 0) ? 1 : 0
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
