/** What a server does under load: warmed up, then measured, between two turns of the bare floor. */
import type { Generator, LoadResult, Plan } from './load/index.ts'
import type { ServerProcess } from './server_process.ts'
import { WORKS } from './workloads.ts'

export interface Rate {
  readonly requestsPerSecond: number
  /** Time of the server's processor, user and system, for one request, in microseconds. */
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
  /** The floor's, just before and just after; undefined where it was not there. */
  readonly floor?: Rate
  /** What was wrong with the answers, a sentence each. */
  readonly problems: readonly string[]
}

/**
 * A server's first clients come in turns, as many as this. Those that leave in the middle of an answer make V8 compile
 * part of the hot path anew; and on a virtual machine a process gets faster for its first ten seconds under load,
 * whatever runs in it.
 */
const WARM_UPS = 3

/** Seconds of each of them. */
const warmUpOf = (seconds: number): number => Math.min(seconds * 2, 4)

function complaints({ refused, failed, answered }: LoadResult): string[] {
  return [
    ...(refused > 0 ? [`${refused} of ${answered} answers had another status than 200.`] : []),
    ...(failed > 0 ? [`${failed} requests got no answer.`] : []),
    ...(answered === 0 ? ['There was no answer at all.'] : []),
  ]
}

/** A load without a pause, and what it took. */
export interface Burst {
  readonly load: LoadResult
  readonly requests: number
  /** In microseconds. */
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
 * @param warmUpCookies cookies that the warm-up uses up, others than the load's
 * @param floor a bare server, warm, that has its turn before this one and after it: a machine may be half as fast a
 *   second later
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
  const floorsTurn = async (): Promise<void> => {
    if (floor === undefined) return
    const hello = { port: floor.port, path: WORKS.hello.path, cookies: [], seconds: plan.seconds / 2 }
    theirs.push(await burst(floor, generator, { ...plan, ...hello }))
  }
  await floorsTurn()
  const ours = await burst(server, generator, plan)
  await floorsTurn()
  return {
    ...rateOf([ours]),
    p50: ours.load.p50,
    p99: ours.load.p99,
    memory: ours.memory,
    ...(floor !== undefined && { floor: rateOf(theirs) }),
    problems: [...warmUps, ours, ...theirs].flatMap(({ load }) => complaints(load)),
  }
}
