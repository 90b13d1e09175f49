/** What a request takes, counted and not timed, and whether that is worse than what was noted down. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { built } from './build.ts'
import { children, ended, tailOf } from './processes.ts'
import type { Figures } from './guard_process.ts'
import { environment } from './server_process.ts'
import { openStore } from './stores.ts'
import { FLOOR, nameOf, type Target, targetNamed } from './targets.ts'

/** More than this above what was noted down, as a share, is worse. */
export const MOST_RISE = 0.2

/** The hot paths. None of them needs a service. */
export const GUARDED: readonly Target[] = [
  'nuages, chain of seven hello db-sqlite',
  'nuages untouched db-sqlite',
  ...['read', 'counter'].flatMap((work) =>
    ['cache-locmem', 'db-sqlite', 'file', 'signed_cookies'].map((store) => `nuages ${work} ${store}`),
  ),
].map(targetNamed)

/** What is noted down: of a version of Node, as the engine and node:http count too, by the names of the targets. */
export interface Notes {
  /** Major version. */
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
 * Nothing is compiled and nothing happens beside the requests, so that the figures come out the same each time; the new
 * space, in megabytes, is larger than what a count allocates.
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

/** What requests take, by the names of their targets, over what the same takes on node:http alone. */
export async function countAll(targets: readonly Target[], requests: number): Promise<Record<string, Figures>> {
  const floor = await count(FLOOR, requests)
  const figures: Record<string, Figures> = {}
  for (const target of targets) {
    const { bytes, steps } = await count(target, requests)
    figures[nameOf(target)] = { bytes: bytes - floor.bytes, steps: steps - floor.steps }
  }
  return figures
}

/** How much more it is than it was: 0.2 for a fifth. */
export const rise = (now: number, noted: number): number => now / noted - 1

/** What is worse than it was, a sentence each. */
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

/** What has become so much better that getting worse again would not be noticed. */
export const improvements = (now: Readonly<Record<string, Figures>>, noted: Notes['requests']): string[] =>
  Object.entries(now)
    .filter(([name, { bytes, steps }]) => {
      const before = noted[name]
      return before !== undefined && Math.min(rise(bytes, before.bytes), rise(steps, before.steps)) < -MOST_RISE
    })
    .map(([name]) => name)
