/**
 * `npm run bench:compare -- CHECKOUT [word …] [--rounds N] [--seconds N]`: compares this checkout with another one,
 * such as `git worktree add ../before COMMIT` with its packages installed. Both servers run at the same time and get
 * load alternately, so that other load on the machine affects both.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Examination } from './correctness.ts'
import { plusMinusPercent, tenths, thousandths } from './figures.ts'
import { generator } from './load/index.ts'
import { CONNECTIONS, SESSIONS, VISITORS, withServer } from './measure.ts'
import { numberIn, UsageError } from './options.ts'
import { children } from './processes.ts'
import type { ServerProcess } from './server_process.ts'
import { median, spread } from './statistics.ts'
import { alignedTable } from './table.ts'
import { FLOOR, isPeer, nameOf, selectTargets, type Target } from './targets.ts'
import { burst, type Burst } from './under_load.ts'
import { WORKS } from './workloads.ts'

/** The targets that a change must not make slower. */
const DEFAULT_TARGETS = [
  'nuages, chain of seven hello db-sqlite',
  'nuages untouched cache-redis',
  ...['read', 'counter'].flatMap((work) =>
    ['db-sqlite', 'db-postgresql', 'cache-redis', 'cache-locmem', 'file'].map((store) => `nuages ${work} ${store}`),
  ),
]

/** Seconds of load before the measurement. */
const WARM_UP = 4
const USAGE = 'npm run bench:compare -- CHECKOUT [word …] [--rounds N] [--seconds N]'

/** A server, and the cookies for its requests. */
interface Side {
  readonly server: ServerProcess
  readonly cookies: readonly string[]
}

interface Round {
  readonly before: Burst
  readonly now: Burst
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '10' }, seconds: { type: 'string', default: '1.5' } },
})
const [other, ...words] = positionals
const rounds = numberIn('rounds', values.rounds, 1, 100)
const seconds = numberIn('seconds', values.seconds, 0.1, 60)

function loadOn(target: Target, { server, cookies }: Side, duration: number): Promise<Burst> {
  const { path: address } = WORKS[target.work]
  return burst(server, generator(), {
    port: server.port,
    path: address,
    connections: CONNECTIONS,
    seconds: duration,
    cookies,
  })
}

async function sideOf(target: Target, server: ServerProcess): Promise<Side> {
  const cookies = await new Examination(target, server, VISITORS).prepare()
  return { server, cookies: cookies.slice(0, SESSIONS) }
}

/** Measures both servers in each round. Every second round has the reverse order. */
async function roundsOf(target: Target, before: Side, now: Side): Promise<Round[]> {
  for (const side of [before, now]) await loadOn(target, side, WARM_UP)
  const results: Round[] = []
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const first = await loadOn(target, before, seconds)
      results.push({ before: first, now: await loadOn(target, now, seconds) })
    } else {
      const first = await loadOn(target, now, seconds)
      results.push({ before: await loadOn(target, before, seconds), now: first })
    }
  }
  return results
}

const cpuOf = ({ cpu, requests }: Burst): number => cpu / requests
const rateOf = ({ load }: Burst): number => load.answered / load.seconds

/** A row with the medians of the rounds. A ratio above 1 means that this checkout is faster. */
function row(target: Target, results: readonly Round[]): string[] {
  const cpu = results.map(({ before, now }) => cpuOf(before) / cpuOf(now))
  const rate = results.map(({ before, now }) => rateOf(now) / rateOf(before))
  return [
    nameOf(target),
    tenths(median(results.map(({ before }) => cpuOf(before)))),
    tenths(median(results.map(({ now }) => cpuOf(now)))),
    thousandths(median(cpu)),
    plusMinusPercent(spread(cpu) ?? 0),
    thousandths(median(rate)),
    plusMinusPercent(spread(rate) ?? 0),
  ]
}

async function compare(checkout: string, targets: readonly Target[]): Promise<void> {
  const rows = [['target', 'CPU µs before', 'now', 'ratio', 'spread', 'rate ratio', 'spread'], []]
  for (const target of targets) {
    const results = await withServer(
      target,
      async (theirs) => {
        const before = await sideOf(target, theirs)
        return withServer(target, async (ours) => roundsOf(target, before, await sideOf(target, ours)))
      },
      undefined,
      checkout,
    )
    rows.push(row(target, results))
    process.stderr.write(`${rows.at(-1)?.join('  ')}\n`)
  }
  process.stdout.write(`${alignedTable(rows, 1)}\n`)
}

process.on('SIGINT', () => children.stopAll())
try {
  if (other === undefined || !existsSync(path.join(other, 'bench', 'server.ts'))) {
    throw new UsageError(`CHECKOUT should be a directory with another checkout of this repository, found '${other}'.`)
  }
  const targets =
    words.length > 0 ? selectTargets(words, false) : DEFAULT_TARGETS.flatMap((name) => selectTargets([name], false))
  await compare(
    path.resolve(other),
    targets.filter((target) => target !== FLOOR && !isPeer(target)),
  )
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\n\n${USAGE}\n`)
  process.exitCode = 2
}
