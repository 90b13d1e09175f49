/**
 * `npm run bench:startup [-- word …]`: measures the time until the first response, and the memory when idle, under
 * load, and for each session in the process. Run from TypeScript, as `npm start` does, a site takes longer to start.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { megabytes, whole } from './figures.ts'
import { generator } from './load/index.ts'
import { CONNECTIONS, withServer } from './measure.ts'
import { children } from './processes.ts'
import type { ServerProcess } from './server_process.ts'
import { median } from './statistics.ts'
import { alignedTable } from './table.ts'
import { FLOOR, nameOf, type Target, targetNamed } from './targets.ts'
import { WORKS } from './workloads.ts'

const STARTS = 5
const SECONDS = 3
/** Maximum time in milliseconds that data of a finished request is kept, such as its deadlines. */
const AFTERMATH = 6000
const WRONG_USAGE = 2

const TARGETS: readonly Target[] = [
  FLOOR,
  targetNamed('koa hello'),
  targetNamed('nuages hello'),
  targetNamed('nuages, chain of seven hello db-sqlite'),
  targetNamed('nuages cold cache-locmem'),
]

/** Milliseconds from the start of the process to its first successful response. */
async function timeToAnswer({ work }: Target, server: ServerProcess, started: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${server.port}${WORKS[work].path}`)
  await response.text()
  if (response.status !== 200) throw new Error(`The first answer had the status ${response.status}.`)
  return performance.now() - started
}

/** Starts a server, sends one request and stops it. @returns the milliseconds until the response */
function start(target: Target): Promise<number> {
  let started = 0
  return withServer(
    target,
    (server) => timeToAnswer(target, server, started),
    () => (started = performance.now()),
  )
}

interface Held {
  readonly idle: number
  readonly loaded: number
  /** Heap bytes for each session stored in the process. */
  readonly session?: number
}

function held(target: Target): Promise<Held> {
  return withServer(target, async (server) => {
    await timeToAnswer(target, server, performance.now())
    const before = await server.collected()
    const { path } = WORKS[target.work]
    const load = await generator().run({
      port: server.port,
      path,
      connections: CONNECTIONS,
      cookies: [],
      seconds: SECONDS,
    })
    if (load.refused + load.failed > 0) throw new Error(`${nameOf(target)} did not answer everything with 200.`)
    const { memory: loaded, requests } = await server.settled()
    const idle = before.memory
    if (target.store !== 'cache-locmem') return { idle, loaded }
    await pause(AFTERMATH)
    const after = await server.collected()
    return { idle, loaded, session: (after.heap - before.heap) / (requests - before.requests) }
  })
}

async function rowOf(target: Target): Promise<string[]> {
  const times: number[] = []
  for (let run = 0; run < STARTS; run++) times.push(await start(target))
  const { idle, loaded, session } = await held(target)
  const name = target === FLOOR ? nameOf(target) : nameOf(target).replace('cold ', '')
  return [name, whole(median(times)), megabytes(idle), megabytes(loaded), session === undefined ? '' : whole(session)]
}

const words = process.argv.slice(2)
const targets = TARGETS.filter((target) => words.every((word) => nameOf(target).includes(word)))
if (targets.length === 0) {
  process.stderr.write(`None of these has all of the words in its name: ${TARGETS.map(nameOf).join('; ')}.\n`)
  process.exitCode = WRONG_USAGE
} else {
  process.once('SIGINT', () => children.stopAll())
  const rows: string[][] = []
  for (const target of targets) rows.push(await rowOf(target))
  const head = ['server', 'first answer ms', 'idle MB', 'under load MB', 'bytes a session']
  process.stdout.write(`${alignedTable([head, ...rows], 1)}\n\nmedians of ${STARTS} starts; resident memory\n`)
}
