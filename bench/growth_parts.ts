/** The dimensions in which a site grows, and the points at which each is measured. */
import type { FillableStore } from './fill.ts'
import type { StoreName } from './stores.ts'
import { type Target, targetNamed } from './targets.ts'
import type { WorkName } from './workloads.ts'

export const PARTS = ['sessions', 'connections', 'data', 'patterns'] as const
export type Part = (typeof PARTS)[number]

/** One measurement. */
export interface Point {
  readonly part: Part
  /** Number of sessions, connections, bytes of data or URL patterns. */
  readonly size: number
  readonly work: WorkName
  readonly store?: StoreName
}

const SESSION_STORES: readonly FillableStore[] = ['db-sqlite', 'db-postgresql', 'cache-redis', 'file']
const SESSION_COUNTS = [10_000, 1_000_000, 10_000_000]
const CONNECTION_STORES: readonly StoreName[] = ['db-sqlite', 'db-postgresql', 'cache-redis', 'cache-locmem']
const DATA_STORES: readonly StoreName[] = ['db-sqlite', 'db-postgresql', 'cache-redis', 'cache-locmem', 'file']

const WORKS_OF_SESSIONS = ['read', 'counter'] as const

/** The points of each part, by increasing size. */
const POINTS: Readonly<Record<Part, readonly Point[]>> = {
  sessions: SESSION_STORES.flatMap((store) =>
    SESSION_COUNTS.flatMap((size) =>
      WORKS_OF_SESSIONS.map((work) => ({ part: 'sessions' as const, size, work, store })),
    ),
  ),
  connections: CONNECTION_STORES.flatMap((store) =>
    [1, 64, 1000].map((size) => ({ part: 'connections' as const, size, work: 'counter' as const, store })),
  ),
  data: DATA_STORES.flatMap((store) =>
    [200, 4096, 102_400].flatMap((size) =>
      WORKS_OF_SESSIONS.map((work) => ({ part: 'data' as const, size, work, store })),
    ),
  ),
  patterns: [10, 1000].map((size) => ({ part: 'patterns' as const, size, work: 'hello' as const })),
}

export interface Choice {
  readonly parts: readonly Part[]
  /** Maximum number of sessions in a store. */
  readonly most: number
  /** The stores to measure; all if empty. */
  readonly stores: readonly string[]
}

export const pointsOf = ({ parts, most, stores }: Choice): Point[] =>
  parts
    .flatMap((part) => POINTS[part])
    .filter(({ part, size }) => part !== 'sessions' || size <= most)
    .filter(({ store }) => stores.length === 0 || (store !== undefined && stores.includes(store)))

export const isStore = (name: string): boolean =>
  Object.values(POINTS).some((points) => points.some(({ store }) => store === name))

export function targetOf({ part, size, work, store }: Point): Target {
  if (part === 'patterns') return { ...targetNamed('nuages hello'), settings: { ROOT_URLCONF: `urls_${size}` } }
  return targetNamed(`nuages ${work} ${store}`)
}

/** Whether two points have the same store and size, so that the store is filled only once. */
export const sameFilling = (a: Point, b: Point): boolean =>
  a.part === b.part && a.size === b.size && a.store === b.store
