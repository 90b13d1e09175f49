/**
 * `npm run bench:memory [-- requests]`: checks whether a server's memory grows with the number of requests, by default
 * a million. The caches have Django's default of 300 entries, so that no growth is expected.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { megabytes, plusMinusPercent, whole } from './figures.ts'
import { generator } from './load/index.ts'
import { CONNECTIONS, withServer } from './measure.ts'
import { children } from './processes.ts'
import type { ServerProcess } from './server_process.ts'
import { relativeRise } from './statistics.ts'
import { nameOf, type Target, targetNamed } from './targets.ts'
import { Visitors } from './clients.ts'
import { WORKS } from './workloads.ts'

const STEPS = 10
/** Maximum growth of the heap in the second half, after garbage collection. More than this is a leak. */
const MOST_HEAP = 0.05
/** Maximum growth of the resident memory, which fluctuates because freed memory is returned at varying times. */
const MOST_MEMORY = 0.1
/** Maximum time in milliseconds that data of a finished request is kept, such as its deadlines. */
const AFTERMATH = 6000
const WRONG_USAGE = 2

const LOCMEM = { BACKEND: 'core.cache.backends.locmem.LocMemCache' }

/** A new session for each request, in the default cache; and the counter on a new project's database, SQLite. */
const COLD = targetNamed('nuages cold cache-locmem')
const TARGETS: readonly Target[] = [
  { ...COLD, settings: { ...COLD.settings, CACHES: { default: LOCMEM } } },
  targetNamed('nuages counter db-sqlite'),
]

interface Step {
  /** Total number of requests so far. */
  readonly requests: number
  /** Resident memory after the last request, in bytes. */
  readonly peak: number
  /** Heap after garbage collection, in bytes. */
  readonly heap: number
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function cookiesFor({ work, keptByClient }: Target, port: number): Promise<string[]> {
  if (!WORKS[work].knowsVisitors || keptByClient) return []
  const visitors = new Visitors(port, CONNECTIONS * 5)
  await visitors.visit('/counter')
  return visitors.cookies
}

async function steps(target: Target, server: ServerProcess, wanted: number): Promise<Step[]> {
  const cookies = await cookiesFor(target, server.port)
  const plan = { port: server.port, path: WORKS[target.work].path, connections: CONNECTIONS, cookies, seconds: 1 }
  const taken: Step[] = []
  while (taken.length < STEPS) {
    const { answered, refused } = await generator().run(plan)
    if (answered === 0 || refused > 0) throw new Error(`${refused} of ${answered} answers had another status than 200.`)
    const natural = await server.settled()
    if (natural.requests < (wanted / STEPS) * (taken.length + 1)) continue
    await pause(AFTERMATH)
    const { memory, heap } = await server.collected()
    taken.push({ requests: natural.requests, peak: natural.memory, heap })
    say(
      [natural.requests, ...[natural.memory, memory, heap].map((bytes) => `${megabytes(bytes)} MB`)].map(cell).join(''),
    )
  }
  return taken
}

const cell = (value: number | string): string => (typeof value === 'number' ? whole(value) : value).padStart(16)

/** Relative growth of the heap in the second half, by linear regression over its steps. */
const growthOfHeap = (taken: readonly Step[]): number =>
  relativeRise(taken.slice(STEPS / 2 - 1).map(({ requests, heap }) => [requests, heap]))

/** Relative growth of the peak memory from the first half to the second. Single values fluctuate too much. */
function growthOfPeak(taken: readonly Step[]): number {
  const peak = (some: readonly Step[]): number => Math.max(...some.map(({ peak }) => peak))
  return peak(taken.slice(STEPS / 2)) / peak(taken.slice(0, STEPS / 2)) - 1
}

/** Measures a target. @returns whether its memory stays constant */
function watch(target: Target, wanted: number): Promise<boolean> {
  return withServer(target, async (server) => {
    say(nameOf(target))
    say(['requests', 'RSS', 'RSS after GC', 'heap after GC'].map(cell).join(''))
    const taken = await steps(target, server, wanted)
    const [peak, heap] = [growthOfPeak(taken), growthOfHeap(taken)]
    const stays = heap <= MOST_HEAP && peak <= MOST_MEMORY
    say(
      `over the second half: heap ${plusMinusPercent(heap)}, most RSS ${plusMinusPercent(peak)}: ${stays ? 'stays' : 'GROWS'}\n`,
    )
    return stays
  })
}

const wanted = Number(process.argv[2] ?? 1_000_000)
if (Number.isInteger(wanted) && wanted >= STEPS) {
  process.once('SIGINT', () => children.stopAll())
  for (const target of TARGETS) if (!(await watch(target, wanted))) process.exitCode = 1
} else {
  process.stderr.write(`The number of requests should be ${STEPS} or more, found '${process.argv[2]}'.\n`)
  process.exitCode = WRONG_USAGE
}
