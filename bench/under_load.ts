/** What a server does under load: warmed up, then measured. */
import type { Generator, LoadResult, Plan } from './load/index.ts'
import type { ServerProcess } from './server_process.ts'

export interface Figures {
  readonly requestsPerSecond: number
  /** Time of the server's processor, user and system, for one request, in microseconds. */
  readonly cpu: number
  /** Latencies in milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Resident memory of the server at the end of the load, in bytes. */
  readonly memory: number
}

export interface UnderLoad extends Figures {
  /** What was wrong with the answers, a sentence each. */
  readonly problems: readonly string[]
}

/**
 * Long enough for V8 to have compiled the hot path, with what runs once for many requests: a statement for a group of
 * sessions is as cheap as it gets after some thousands of them.
 */
const warmUpOf = (seconds: number): number => Math.min(seconds * 2.5, 5)

function complaints({ refused, failed, answered }: LoadResult): string[] {
  return [
    ...(refused > 0 ? [`${refused} of ${answered} answers had another status than 200.`] : []),
    ...(failed > 0 ? [`${failed} requests got no answer.`] : []),
    ...(answered === 0 ? ['There was no answer at all.'] : []),
  ]
}

/** @param warmUpCookies cookies that the warm-up uses up, others than the load's */
export async function underLoad(
  server: ServerProcess,
  generator: Generator,
  plan: Plan,
  warmUpCookies: readonly string[],
): Promise<UnderLoad> {
  const warmUp = await generator.run({ ...plan, seconds: warmUpOf(plan.seconds), cookies: warmUpCookies })
  const before = await server.settled()
  const load = await generator.run(plan)
  const after = await server.usage()
  return {
    requestsPerSecond: load.answered / load.seconds,
    cpu: (after.cpu - before.cpu) / Math.max(after.requests - before.requests, 1),
    p50: load.p50,
    p99: load.p99,
    memory: after.memory,
    problems: [...complaints(warmUp), ...complaints(load)],
  }
}
