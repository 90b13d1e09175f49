/** The performance goals: for each workload and store, a share of the floor or of a peer. */
import type { StoreName } from './stores.ts'
import { FLOOR, nameOf, pagesByHand, type Target, targetNamed } from './targets.ts'
import { type WorkName, WORKS } from './workloads.ts'

export interface Goal {
  readonly target: Target
  /** The target that the share refers to. */
  readonly base: Target
  readonly share: number
  /** Handwritten servers with the same workload and store. */
  readonly byHand: readonly Target[]
  /** Maximum 99th percentile of the latency, in milliseconds. */
  readonly p99?: number
}

const of = (work: WorkName, store: StoreName, share: number, p99?: number): Goal => ({
  target: targetNamed(`nuages ${work} ${store}`),
  base: FLOOR,
  share,
  byHand: work === 'untouched' ? [] : pagesByHand(work, store),
  ...(p99 !== undefined && { p99 }),
})

const P99 = 10

export const GOALS: readonly Goal[] = [
  { target: targetNamed('nuages, chain of seven hello db-sqlite'), base: FLOOR, share: 0.6, byHand: [] },
  of('untouched', 'db-sqlite', 0.6),
  of('untouched', 'file', 0.6),
  of('untouched', 'cache-locmem', 0.6),
  of('untouched', 'signed_cookies', 0.6),
  of('untouched', 'db-postgresql', 0.45),
  of('untouched', 'cache-redis', 0.45),
  of('read', 'db-sqlite', 0.45),
  of('read', 'db-postgresql', 0.45),
  of('read', 'cache-redis', 0.5),
  of('read', 'file', 0.3),
  of('counter', 'db-sqlite', 0.48, P99),
  of('counter', 'db-postgresql', 0.4, P99),
  of('counter', 'cache-redis', 0.45, P99),
  of('counter', 'cache-locmem', 0.5),
  of('counter', 'file', 0.052),
  of('counter', 'file-tmpfs', 0.18),
  {
    ...of('counter', 'signed_cookies', 0.95),
    base: targetNamed('@fastify/secure-session counter signed_cookies'),
  },
  of('cold', 'db-sqlite', 0.28),
  of('cold', 'db-postgresql', 0.3),
]

/** The goals whose target's name contains all of the words. */
export const selectGoals = (words: readonly string[]): Goal[] =>
  GOALS.filter(({ target }) => words.every((word) => nameOf(target).includes(word)))

/** All targets to be measured for goals, sorted by workload, with the floor first. */
export function targetsOf(goals: readonly Goal[]): Target[] {
  const wanted = new Set([FLOOR, ...goals.flatMap(({ target, base, byHand }) => [target, base, ...byHand])])
  const order = Object.keys(WORKS)
  return [...wanted].toSorted((a, b) => order.indexOf(a.work) - order.indexOf(b.work))
}
