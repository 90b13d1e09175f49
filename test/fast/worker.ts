/** A process that runs scenarios in the mode of its NUAGES_FAST_PATHS. Its clock and its random numbers are reproducible. */
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { setup } from '#core/apps'
import { captureLogs, fastPaths, setClock } from '#core/utils'
import { type Runner, START } from './scenario.ts'
import { scenarios } from './scenarios/index.ts'

export type Request =
  | { readonly open: string; readonly target: string }
  | { readonly run: unknown; readonly seed: number }
  | { readonly close: true }

export type Reply = { readonly result: unknown } | { readonly failure: string }

/** Mulberry32, a small generator of 32 bits: reproducible, and good enough for keys that do not collide. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

function seedRandom(seed: number): void {
  const next = generator(seed)
  crypto.randomInt = (max: number) => next() % max
  crypto.randomBytes = (size: number) => Buffer.from(Array.from({ length: size }, () => next() & 0xff))
  syncBuiltinESMExports()
}

let runner: Runner<unknown> | undefined

async function handle(request: Request): Promise<unknown> {
  if ('open' in request) {
    const scenario = scenarios.find(({ name }) => name === request.open)
    runner = await scenario?.open(request.target)
    return fastPaths
  }
  if ('close' in request) return runner?.close()
  seedRandom(request.seed)
  setClock({ now: () => START })
  return runner?.run(request.run)
}

// Both modes log the same, and the output of the tests is not the place for it.
captureLogs(() => {})
await setup()
process.on('message', (request: Request) => {
  handle(request).then(
    (result) => process.send?.({ result } satisfies Reply),
    (error: unknown) => process.send?.({ failure: String((error as Error).stack ?? error) } satisfies Reply),
  )
})
process.send?.({ result: 'ready' } satisfies Reply)
