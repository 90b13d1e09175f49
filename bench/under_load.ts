/** Measures a server under load: after a warm-up, between two measurements of the floor. */
import type { Generator, LoadResult, Plan } from './load/index.ts'
import type { ServerProcess } from './server_process.ts'
import { WORKS } from './workloads.ts'

export interface Rate {
  readonly requestsPerSecond: number
  /** CPU time of the server, user and system, for one request, in microseconds. */
  readonly cpu: number
}

export interface Figures extends Rate {
  /** Latencies in milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Resident memory of the server at the end of the load, in bytes. */
  readonly memory: number
}

export interface UnderLoad extends Figures {
  /** The rate of the floor just before and after; undefined without a floor. */
  readonly floor?: Rate
  /** Errors of the responses, as sentences. */
  readonly problems: readonly string[]
}

/**
 * Number of warm-up loads. Clients that disconnect during a response make V8 recompile part of the hot path, and on a
 * virtual machine any process gets faster during its first ten seconds under load.
 */
const WARM_UPS = 3

/** Duration of each warm-up in seconds. */
const warmUpOf = (seconds: number): number => Math.min(seconds * 2, 4)

function complaints({ refused, failed, answered }: LoadResult): string[] {
  return [
    ...(refused > 0 ? [`${refused} of ${answered} answers had another status than 200.`] : []),
    ...(failed > 0 ? [`${failed} requests got no answer.`] : []),
    ...(answered === 0 ? ['There was no answer at all.'] : []),
  ]
}

/** A continuous load, and the server's usage during it. */
export interface Burst {
  readonly load: LoadResult
  readonly requests: number
  /** CPU time in microseconds. */
  readonly cpu: number
  readonly memory: number
}

export async function burst(server: ServerProcess, generator: Generator, plan: Plan): Promise<Burst> {
  const before = await server.settled()
  const load = await generator.run(plan)
  const after = await server.usage()
  return { load, requests: after.requests - before.requests, cpu: after.cpu - before.cpu, memory: after.memory }
}

function rateOf(bursts: readonly Burst[]): Rate {
  const sum = (pick: (burst: Burst) => number): number => bursts.reduce((total, each) => total + pick(each), 0)
  const requests = sum((each) => each.requests)
  return {
    requestsPerSecond: sum(({ load }) => load.answered) / sum(({ load }) => load.seconds),
    cpu: sum(({ cpu }) => cpu) / Math.max(requests, 1),
  }
}

/**
 * @param warmUpCookies cookies for the warm-up, other than those of the load
 * @param floor a warm floor server, measured before and after the target, because the speed of a machine may halve
 *   within a second
 */
export async function underLoad(
  server: ServerProcess,
  generator: Generator,
  plan: Plan,
  warmUpCookies: readonly string[],
  floor?: ServerProcess,
): Promise<UnderLoad> {
  const warmUps: Burst[] = []
  while (warmUps.length < WARM_UPS) {
    warmUps.push(await burst(server, generator, { ...plan, seconds: warmUpOf(plan.seconds), cookies: warmUpCookies }))
  }
  const theirs: Burst[] = []
  const measureFloor = async (): Promise<void> => {
    if (floor === undefined) return
    const hello = { port: floor.port, path: WORKS.hello.path, cookies: [], seconds: plan.seconds / 2 }
    theirs.push(await burst(floor, generator, { ...plan, ...hello }))
  }
  await measureFloor()
  const ours = await burst(server, generator, plan)
  await measureFloor()
  return {
    ...rateOf([ours]),
    p50: ours.load.p50,
    p99: ours.load.p99,
    memory: ours.memory,
    ...(floor !== undefined && { floor: rateOf(theirs) }),
    problems: [...warmUps, ours, ...theirs].flatMap(({ load }) => complaints(load)),
  }
}
