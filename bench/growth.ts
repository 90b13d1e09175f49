/**
 * `npm run bench:growth [-- part …]`: measures how the cost of a request changes as a site grows, and writes the
 * results into the docs. Parts: sessions, connections, data, patterns.
 */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { cpus, freemem, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { compareFanOut, type FanOut, removeInOrder } from './fan_out.ts'
import { whole } from './figures.ts'
import { fileOf, type FillableStore, FILLERS, keyAt } from './fill.ts'
import { type Choice, isStore, type Part, PARTS, type Point, pointsOf, sameFilling, targetOf } from './growth_parts.ts'
import { merged, readGrowth, type Result, writeGrowth } from './growth_results.ts'
import { writePage } from './growth_page.ts'
import { generator } from './load/index.ts'
import { CONNECTIONS, measure, withServer } from './measure.ts'
import { children } from './processes.ts'
import type { ServerProcess } from './server_process.ts'
import { type Store, Unavailable } from './stores.ts'
import { FLOOR } from './targets.ts'
import { type Figures, underLoad } from './under_load.ts'
import { Visitors } from './clients.ts'
import { WORKS } from './workloads.ts'

const USAGE = `npm run bench:growth -- [part …] [--most N] [--store NAME …] [--seconds N] [--dry]

  part …        ${PARTS.join(', ')}; all of them if none is given
  --most N      leaves out the points with more sessions than N (1000000 if not given; there are some with 10000000)
  --store NAME  only this store; can be given again
  --seconds N   puts load on a server for N seconds (2 if not given)
  --dry         prints, and writes nothing into the repository`

const STOPPED = 130
const WRONG_USAGE = 2

/** Maximum number of sessions in the load. The warm-up uses the same number of other sessions. */
const SAMPLE = 10_000

/** Number of sessions that are checked after the load. */
const CHECKED = 100

/** Maximum size of a session in bytes, on disk or in the memory of Redis. */
const SESSION_SIZE: Readonly<Record<FillableStore, number>> = {
  'db-sqlite': 1000,
  'db-postgresql': 1500,
  'cache-redis': 500,
  file: 5000,
}

const MACHINE = `${cpus()[0]?.model.trim() ?? 'an unknown processor'}, Node ${process.version}`

interface Options extends Choice {
  readonly seconds: number
  readonly dry: boolean
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const isFillable = (store: string | undefined): store is FillableStore =>
  store !== undefined && Object.hasOwn(FILLERS, store)

/** Why a store cannot hold this number of sessions on this machine; undefined if it can. */
function obstacle({ part, size, store }: Point): string | undefined {
  if (part !== 'sessions' || !isFillable(store)) return undefined
  const needed = size * SESSION_SIZE[store]
  const { bavail, bsize } = statfsSync(tmpdir())
  const free = store === 'cache-redis' ? freemem() : bavail * bsize
  if (needed <= free * 0.8) return undefined
  const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(0)
  return `needs ${gigabytes(needed)} GB of the ${gigabytes(free)} GB that are free`
}

/** Cookies for the warm-up and for the load. */
interface Cookies {
  readonly warmUp: readonly string[]
  readonly load: readonly string[]
}

const NO_COOKIES: Cookies = { warmUp: [], load: [] }

/** Two disjoint samples of the filled sessions, spread over the whole store. */
function sampleOf(size: number): Cookies {
  const count = Math.min(SAMPLE, Math.floor(size / 2))
  const step = Math.floor(size / (count * 2))
  const cookies = Array.from({ length: count * 2 }, (_, index) => `sessionid=${keyAt(index * step)}`)
  return { warmUp: cookies.filter((_, index) => index % 2 === 0), load: cookies.filter((_, index) => index % 2 === 1) }
}

async function mustAnswer(server: ServerProcess, address: string, cookie: string, expected: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${server.port}${address}`, { headers: { cookie } })
  const found = await response.text()
  if (found !== expected) throw new Error(`${address} answered '${found.slice(0, 60)}' instead of '${expected}'.`)
}

/** Checks that the sessions of a sample still exist. @throws Error if one was lost */
async function mustBeKnown(server: ServerProcess, cookies: readonly string[]): Promise<void> {
  for (const cookie of cookies.slice(0, CHECKED)) {
    const response = await fetch(`http://127.0.0.1:${server.port}/read`, { headers: { cookie } })
    const visits = Number(await response.text())
    if (!(visits >= 1)) throw new Error(`A session was lost under the load: /read answered ${visits}.`)
  }
}

async function filled({ size, store }: Point, server: ServerProcess, { location }: Store): Promise<Cookies> {
  if (!isFillable(store)) throw new Error(`There is no way to fill ${store}.`)
  const visitors = new Visitors(server.port, 1)
  await visitors.visit('/counter')
  const key = visitors.cookies[0]?.split('=')[1] ?? ''
  const began = performance.now()
  await FILLERS[store]({ location, key, copies: size })
  say(`  ${store} filled with ${whole(size)} sessions in ${whole((performance.now() - began) / 1000)} s`)
  const cookies = sampleOf(size)
  for (const cookie of [cookies.load[0], cookies.warmUp.at(-1)]) await mustAnswer(server, '/read', cookie ?? '', '1')
  return cookies
}

async function visited(server: ServerProcess, count: number, bytes?: number): Promise<Cookies> {
  const visitors = new Visitors(server.port, count * 2)
  await visitors.visit('/counter')
  if (bytes !== undefined) await visitors.visit(`/fill/${bytes}`)
  const { cookies } = visitors
  return { warmUp: cookies.slice(0, count), load: cookies.slice(count) }
}

function cookiesFor(point: Point, server: ServerProcess, store: Store): Promise<Cookies> {
  if (point.part === 'sessions') return filled(point, server, store)
  if (point.part === 'data') return visited(server, CONNECTIONS * 2, point.size)
  if (point.part === 'connections') return visited(server, Math.max(point.size * 2, 256))
  return Promise.resolve(NO_COOKIES)
}

async function loadAt(point: Point, server: ServerProcess, cookies: Cookies, seconds: number): Promise<Figures> {
  const connections = point.part === 'connections' ? point.size : CONNECTIONS
  const { path } = WORKS[point.work]
  const plan = { port: server.port, path, connections, cookies: cookies.load, seconds }
  const figures = await underLoad(server, generator(), plan, cookies.warmUp)
  const [problem] = figures.problems
  if (problem !== undefined) throw new Error(problem)
  return figures
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits))

/** Measures points that use the same filled store. */
async function measureGroup(
  points: readonly Point[],
  seconds: number,
  fanOut: Record<string, FanOut>,
): Promise<Result[]> {
  const [first] = points
  if (first === undefined) return []
  const bare = await measure(FLOOR, { seconds })
  const floor = { requestsPerSecond: rounded(bare.requestsPerSecond, 0), cpu: rounded(bare.cpu, 2) }
  return withServer(targetOf(first), async (server, store) => {
    const cookies = await cookiesFor(first, server, store)
    const results: Result[] = []
    for (const point of points) {
      const { requestsPerSecond, cpu, p50, p99 } = await loadAt(point, server, cookies, seconds)
      say(`${nameOf(point)}  ${cpu.toFixed(1)} µs, ${whole(requestsPerSecond)} requests/s, p99 ${p99.toFixed(1)} ms`)
      results.push({
        ...point,
        machine: MACHINE,
        requestsPerSecond: rounded(requestsPerSecond, 0),
        cpu: rounded(cpu, 1),
        p50: rounded(p50, 2),
        p99: rounded(p99, 2),
        floor,
      })
    }
    await server.settled()
    await mustBeKnown(server, cookies.load)
    if (first.part === 'sessions' && first.store === 'file') {
      fanOut[first.size] = fanOutOf(store.location, first.size)
      removeInOrder(first.size, (key) => fileOf(store.location, key))
    }
    return results
  })
}

function fanOutOf(folder: string, files: number): FanOut {
  const other = mkdtempSync(path.join(path.dirname(folder), 'fan-out-'))
  try {
    const found = compareFanOut(folder, other, files)
    const figures = { inOneFolder: rounded(found.inOneFolder, 2), in256Folders: rounded(found.in256Folders, 2) }
    say(`  ${whole(files)} files: ${figures.inOneFolder} µs in one folder, ${figures.in256Folders} µs in 256`)
    return figures
  } finally {
    rmSync(other, { recursive: true, force: true })
  }
}

const nameOf = ({ part, size, work, store }: Point): string =>
  [part, whole(size), work, store].filter(Boolean).join(' ')

function groupsOf(points: readonly Point[]): Point[][] {
  const groups: Point[][] = []
  for (const point of points) {
    const group = groups.find(([first]) => first !== undefined && sameFilling(first, point))
    if (group === undefined) groups.push([point])
    else group.push(point)
  }
  return groups
}

/** Writes results into the repository after each group, so that they are kept if the run is stopped. */
function keep(results: readonly Result[], fanOut: Record<string, FanOut>): void {
  const growth = merged(readGrowth(), { results, fanOut })
  writeGrowth(growth)
  writePage(growth)
}

async function grow({ seconds, dry, ...choice }: Options): Promise<number> {
  const fanOut: Record<string, FanOut> = {}
  const leftOut: string[] = []
  let failed = false
  for (const group of groupsOf(pointsOf(choice))) {
    const [first] = group as [Point]
    const leaveOut = (reason: string) => leftOut.push(`  ${nameOf(first)}: ${reason}`)
    const reason = obstacle(first)
    if (reason !== undefined) {
      leaveOut(reason)
      continue
    }
    try {
      const results = await measureGroup(group, seconds, fanOut)
      if (!dry) keep(results, fanOut)
    } catch (error) {
      if (children.stopped) return STOPPED
      failed ||= !(error instanceof Unavailable)
      leaveOut(error instanceof Error ? error.message : String(error))
    }
  }
  if (pointsOf({ ...choice, most: Infinity }).length > pointsOf(choice).length) {
    leftOut.push(`  more than ${whole(choice.most)} sessions: --most asks for them`)
  }
  if (leftOut.length > 0) say(['', 'Left out:', ...leftOut].join('\n'))
  return failed ? 1 : 0
}

class UsageError extends Error {}

function numberIn(option: string, text: string): number {
  const value = Number(text)
  if (value > 0) return value
  throw new UsageError(`--${option} should be a number above 0, found '${text}'.`)
}

function optionsOf(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      most: { type: 'string', default: '1000000' },
      store: { type: 'string', multiple: true, default: [] },
      seconds: { type: 'string', default: '2' },
      dry: { type: 'boolean', default: false },
    },
  })
  const wrong = positionals.find((word) => !PARTS.includes(word as Part))
  if (wrong !== undefined) throw new UsageError(`'${wrong}' is not one of ${PARTS.join(', ')}.`)
  const stranger = values.store.find((name) => !isStore(name))
  if (stranger !== undefined)
    throw new UsageError(`--store should be a store that is measured here, found '${stranger}'.`)
  return {
    parts: positionals.length === 0 ? PARTS : (positionals as Part[]),
    most: numberIn('most', values.most),
    stores: values.store,
    seconds: numberIn('seconds', values.seconds),
    dry: values.dry,
  }
}

let options: Options | undefined
try {
  options = optionsOf(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`)
  process.exitCode = WRONG_USAGE
}
if (options !== undefined) {
  process.once('SIGINT', () => children.stopAll())
  process.once('SIGTERM', () => children.stopAll())
  process.exitCode = await grow(options)
}
