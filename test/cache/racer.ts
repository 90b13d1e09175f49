/** A process that races with others on one cache. It reads one race per line, runs it, and prints the result. */
import { createInterface } from 'node:readline'
import { setup } from '#core/apps'
import { type Cache, caches, closeCaches } from '#core/cache'
import { overrideSettings } from '#core/conf'
import { connections } from '#core/db'

/** The first line for a racer: the settings, and its number. */
export interface Racer {
  readonly settings: Readonly<Record<string, unknown>>
  readonly me: number
}

export type RaceName = keyof typeof RACES

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Adds a number to a list that other processes change too, without losing any. */
async function join(cache: Cache, entry: string): Promise<void> {
  for (;;) {
    const seen = await cache.gets('list')
    if (seen === undefined) throw new Error('The list is gone.')
    const result = await cache.cas('list', [...(seen.value as string[]), entry], seen.token, 600)
    if (result === 'stored') return
    if (result === 'missing') throw new Error('The list was taken for missing.')
  }
}

const RACES = {
  incr: (cache: Cache) => Promise.all(numbers(100).map(() => cache.incr('count'))),
  add: (cache: Cache) => Promise.all(numbers(60).map((i) => cache.add(`key${i}`, 1, 600))),
  cas: (cache: Cache, me: number) => Promise.all(numbers(15).map((i) => join(cache, `${me}-${i}`))),
  async delete(cache: Cache) {
    const seen = await Promise.all(numbers(40).map((i) => cache.gets(`gone${i}`)))
    return Promise.all(seen.map(async (each, i) => each && cache.cas(`gone${i}`, null, each.token, 0)))
  },
}

async function race({ settings, me }: Racer): Promise<void> {
  await setup()
  await overrideSettings(settings, async () => {
    const cache = caches.default as Cache
    await cache.get('warm')
    process.stdout.write('ready\n')
    for await (const name of createInterface({ input: process.stdin })) {
      process.stdout.write(`got ${JSON.stringify(await RACES[name as RaceName](cache, me))}\n`)
    }
    await closeCaches()
    await connections.close()
  })
}

await race(JSON.parse(process.argv[2] as string) as Racer)
