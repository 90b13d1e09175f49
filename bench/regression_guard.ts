/** Measures the cost of requests by counting instead of timing, and compares it with the recorded cost. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { built } from './build.ts'
import { children, ended, tailOf } from './processes.ts'
import type { Figures } from './guard_process.ts'
import { environment } from './server_process.ts'
import { openStore } from './stores.ts'
import { FLOOR, nameOf, type Target, targetNamed } from './targets.ts'

/** Maximum relative increase over the recorded cost. */
export const MOST_RISE = 0.2

/** The hot paths. None of them needs an external service. */
export const GUARDED: readonly Target[] = [
  'nuages, chain of seven hello db-sqlite',
  'nuages untouched db-sqlite',
  ...['read', 'counter'].flatMap((work) =>
    ['cache-locmem', 'db-sqlite', 'file', 'signed_cookies'].map((store) => `nuages ${work} ${store}`),
  ),
].map(targetNamed)

/** The recorded costs, which depend on the version of Node. */
export interface Notes {
  /** Major version of Node. */
  readonly node: number
  readonly requests: Readonly<Record<string, Figures>>
}

export const NODE = Number(process.versions.node.split('.')[0])

const NOTES = path.join(import.meta.dirname, 'guard.json')

export const readNotes = (): Notes => JSON.parse(readFileSync(NOTES, 'utf8')) as Notes

export function writeNotes(requests: Notes['requests']): void {
  writeFileSync(NOTES, `${JSON.stringify({ node: NODE, requests }, null, 2)}\n`)
}

/**
 * No compilation and no background threads, so that the counts are reproducible. The new space, in megabytes, is larger
 * than the allocations of one count, so that no garbage collection happens.
 */
const FLAGS = [
  '--no-opt',
  '--no-sparkplug',
  '--single-threaded',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
]

async function count(target: Target, requests: number): Promise<Figures> {
  const store = await openStore(target.store)
  try {
    const program = [built('guard_process.ts'), built(target.server)]
    const child = children.start([process.execPath, ...FLAGS, ...program, target.work, String(requests)], {
      env: environment(target, store),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [output, errors] = [tailOf(child.stdout), tailOf(child.stderr)]
    await ended(child)
    if (child.exitCode === 0) return JSON.parse(output().split('\n').at(-1) as string) as Figures
    throw new Error(`${nameOf(target)} could not be counted. ${errors()}`)
  } finally {
    await store.close()
  }
}

/** The cost of requests by the name of the target, in excess of the cost on bare node:http. */
export async function countAll(targets: readonly Target[], requests: number): Promise<Record<string, Figures>> {
  const floor = await count(FLOOR, requests)
  const figures: Record<string, Figures> = {}
  for (const target of targets) {
    const { bytes, steps } = await count(target, requests)
    figures[nameOf(target)] = { bytes: bytes - floor.bytes, steps: steps - floor.steps }
  }
  return figures
}

/** The relative increase: 0.2 is 20 %. */
export const rise = (now: number, noted: number): number => now / noted - 1

/** Sentences about the targets that have become too expensive. */
export function complaints(now: Readonly<Record<string, Figures>>, noted: Notes['requests']): string[] {
  return Object.entries(now).flatMap(([name, figures]) => {
    const before = noted[name]
    if (before === undefined) return [`${name} was never noted down. Run: npm run bench:guard -- --update`]
    return (['bytes', 'steps'] as const)
      .filter((unit) => rise(figures[unit], before[unit]) > MOST_RISE)
      .map((unit) => {
        const percent = Math.round(rise(figures[unit], before[unit]) * 100)
        return `${name}: a request takes ${figures[unit]} ${unit}, ${percent} % more than the ${before[unit]} noted down.`
      })
  })
}

/** Targets that have become so much cheaper that a later regression would not be detected. */
export const improvements = (now: Readonly<Record<string, Figures>>, noted: Notes['requests']): string[] =>
  Object.entries(now)
    .filter(([name, { bytes, steps }]) => {
      const before = noted[name]
      return before !== undefined && Math.min(rise(bytes, before.bytes), rise(steps, before.steps)) < -MOST_RISE
    })
    .map(([name]) => name)
