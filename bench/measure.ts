/** One measurement: a new server with a new store, prepared, warmed up, put under load, examined, ended. */
import { Examination } from './examination.ts'
import { type Generator, generator as usualGenerator, type LoadResult } from './load/index.ts'
import { ServerProcess } from './server_process.ts'
import { openStore } from './stores.ts'
import type { Target } from './targets.ts'
import { WORKS } from './works.ts'

export const CONNECTIONS = 64
/** In rotation under load; each connection has one more for its first request, and the warm-up as many of its own. */
export const SESSIONS = 256

const VISITORS = SESSIONS + CONNECTIONS

export interface Measurement {
  readonly requestsPerSecond: number
  /** Time of the server's processor, user and system, for one request, in microseconds. */
  readonly cpu: number
  /** Latencies in milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Resident memory of the server at the end of the load, in bytes. */
  readonly memory: number
  /** Share of the counted requests that the counters hold; undefined for a work that counts nothing. */
  readonly kept?: number
  /** What was wrong with the answers, a sentence each. */
  readonly problems: readonly string[]
}

export interface MeasureOptions {
  readonly seconds: number
  readonly generator?: Generator
}

/** Long enough for the compiler of the hot path to be done. */
const warmUpOf = (seconds: number): number => Math.min(Math.max(seconds, 0.3), 2)

function complaints({ refused, failed, answered }: LoadResult): string[] {
  return [
    ...(refused > 0 ? [`${refused} of ${answered} answers had another status than 200.`] : []),
    ...(failed > 0 ? [`${failed} requests got no answer.`] : []),
    ...(answered === 0 ? ['There was no answer at all.'] : []),
  ]
}

async function measureServer(target: Target, server: ServerProcess, options: MeasureOptions): Promise<Measurement> {
  const { seconds, generator = usualGenerator() } = options
  const examination = new Examination(target, server, VISITORS * 2)
  const cookies = await examination.prepare()
  const plan = { port: server.port, path: WORKS[target.work].path, connections: CONNECTIONS }
  const warmUp = await generator.run({ ...plan, seconds: warmUpOf(seconds), cookies: cookies.slice(0, VISITORS) })
  const before = await server.settled()
  const load = await generator.run({ ...plan, seconds, cookies: cookies.slice(VISITORS) })
  const after = await server.usage()
  const { kept, problems } = await examination.conclude()
  return {
    requestsPerSecond: load.answered / load.seconds,
    cpu: (after.cpu - before.cpu) / Math.max(after.requests - before.requests, 1),
    p50: load.p50,
    p99: load.p99,
    memory: after.memory,
    ...(kept !== undefined && { kept }),
    problems: [...complaints(warmUp), ...complaints(load), ...problems],
  }
}

/** @throws Unavailable where the target cannot run on this machine */
export async function measure(target: Target, options: MeasureOptions): Promise<Measurement> {
  const store = await openStore(target.store)
  try {
    const server = await ServerProcess.start(target, store)
    try {
      return await measureServer(target, server, options)
    } finally {
      await server.stop()
    }
  } finally {
    await store.close()
  }
}
