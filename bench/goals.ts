/** What is to be reached: a row for each kind of work and store, as a share of the bare floor or of a peer. */
import type { StoreName } from './stores.ts'
import { FLOOR, nameOf, type Target, targetNamed } from './targets.ts'
import { WORKS, type WorkName } from './works.ts'

export interface Goal {
  readonly target: Target
  /** What the share is of. */
  readonly base: Target
  readonly share: number
  /** A page written by hand for the same work and store, where there is one. */
  readonly limit?: Target
  /** Longest time that all but one in a hundred may wait, in milliseconds. */
  readonly p99?: number
}

const of = (work: WorkName, store: StoreName, share: number): Goal => ({
  target: targetNamed(`nuages ${work} ${store}`),
  base: FLOOR,
  share,
})

/** Beside what is written by hand. The page that keeps a Map counts as that of the cache in the process. */
const withLimit = (work: WorkName, store: StoreName, share: number, p99?: number): Goal => ({
  ...of(work, store, share),
  limit: targetNamed(`limit, by hand ${work} ${store === 'cache-locmem' ? 'memory' : store}`),
  ...(p99 !== undefined && { p99 }),
})

const P99 = 10

export const GOALS: readonly Goal[] = [
  { target: targetNamed('nuages, chain of seven hello db-sqlite'), base: FLOOR, share: 0.6 },
  of('untouched', 'db-sqlite', 0.6),
  of('untouched', 'file', 0.6),
  of('untouched', 'cache-locmem', 0.6),
  of('untouched', 'signed_cookies', 0.6),
  of('untouched', 'db-postgresql', 0.45),
  of('untouched', 'cache-redis', 0.45),
  withLimit('read', 'db-sqlite', 0.45),
  withLimit('read', 'db-postgresql', 0.45),
  withLimit('read', 'cache-redis', 0.5),
  withLimit('read', 'file', 0.3),
  withLimit('counter', 'db-sqlite', 0.48, P99),
  withLimit('counter', 'db-postgresql', 0.4, P99),
  withLimit('counter', 'cache-redis', 0.45, P99),
  withLimit('counter', 'cache-locmem', 0.5),
  withLimit('counter', 'file', 0.052),
  withLimit('counter', 'file-tmpfs', 0.18),
  {
    ...withLimit('counter', 'signed_cookies', 0.95),
    base: targetNamed('@fastify/secure-session counter signed_cookies'),
  },
  withLimit('cold', 'db-sqlite', 0.28),
  withLimit('cold', 'db-postgresql', 0.3),
]

/** The goals whose target's name has every one of the words. */
export const selectGoals = (words: readonly string[]): Goal[] =>
  GOALS.filter(({ target }) => words.every((word) => nameOf(target).includes(word)))

/** Everything that has to be measured for goals, the floor first, kind of work by kind of work. */
export function targetsOf(goals: readonly Goal[]): Target[] {
  const wanted = new Set([
    FLOOR,
    ...goals.flatMap(({ target, base, limit }) => [target, base, ...(limit ? [limit] : [])]),
  ])
  const order = Object.keys(WORKS)
  return [...wanted].toSorted((a, b) => order.indexOf(a.work) - order.indexOf(b.work))
}
