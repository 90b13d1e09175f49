/** Concurrent processes on one cache lose no count, add no key twice, and overwrite no unread value. */
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Cache } from '#core/cache'
import { Running } from '../management/processes.ts'
import { type Backend, backends, inDatabase, newCache, onEachBackend } from './backends.ts'
import type { RaceName, Racer } from './racer.ts'

const RACERS = 2
const RACER = path.join(import.meta.dirname, 'racer.ts')

const all = (await backends('races')).filter((on) => on.isAtomicAmongProcesses)

/** Processes that wait for a race on this backend. */
function racersOn(on: Backend, keyPrefix: string): Running[] {
  const entry = { BACKEND: on.dottedName, LOCATION: on.location(), KEY_PREFIX: keyPrefix }
  const settings = {
    CACHES: { default: { ...entry, OPTIONS: { MAX_ENTRIES: 10_000, timeout: 10 } } },
    ...(on.database && { DATABASES: { default: on.database.config } }),
  }
  return Array.from({ length: RACERS }, (_, me) => {
    const racer: Racer = { settings, me }
    return new Running(process.execPath, ['--import', 'tsx', RACER, JSON.stringify(racer)])
  })
}

describe('caches shared by processes', function () {
  this.timeout(60_000)
  before(() => setup())

  onEachBackend(all, (on) => {
    let cache: Cache
    const keyPrefix = `race${process.pid}`
    let racers: Running[] = []

    /** The results of all racers, which start at the same time. */
    const raced = async <T>(name: RaceName): Promise<T[]> => {
      for (const racer of racers) racer.child.stdin?.write(`${name}\n`)
      const lines = await Promise.all(racers.map((racer) => racer.line(/^got /)))
      return lines.map((line) => JSON.parse(line.slice(4)) as T)
    }

    const promise = (title: string, body: () => Promise<void>): void => {
      it(title, () =>
        inDatabase(on.database, async () => {
          cache = newCache(on, { keyPrefix })
          try {
            await body()
          } finally {
            await cache.close()
          }
        }),
      )
    }

    before(async () => {
      racers = racersOn(on, keyPrefix)
      await Promise.all(racers.map((racer) => racer.line(/^ready$/)))
    })
    after(async () => {
      for (const racer of racers) racer.child.stdin?.end()
      for (const { code, stderr } of await Promise.all(racers.map((racer) => racer.finished))) {
        expect(code, stderr).to.equal(0)
      }
    })

    promise('lose no increment', async () => {
      await cache.set('count', 0, 600)
      const counts = await raced<number[]>('incr')
      expect(await cache.get('count')).to.equal(RACERS * 100)
      expect(new Set(counts.flat()).size).to.equal(RACERS * 100)
    })

    promise('let exactly one add of each key succeed', async () => {
      const added = await raced<boolean[]>('add')
      const winners = (added[0] ?? []).map((_, i) => added.filter((each) => each[i]).length)
      expect(winners).to.deep.equal(winners.map(() => 1))
      await cache.deleteMany(winners.map((_, i) => `key${i}`))
    })

    promise('overwrite no value that was not read', async () => {
      await cache.set('list', [], 600)
      await raced('cas')
      const list = (await cache.get('list')) as string[]
      expect(list).to.have.length(RACERS * 15)
      expect(new Set(list).size).to.equal(RACERS * 15)
    })

    promise('let exactly one delete of a value read by all succeed', async () => {
      await cache.setMany(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`gone${i}`, i])), 600)
      const results = await raced<string[]>('delete')
      const deleted = results.flat().filter((result) => result === 'stored')
      expect(deleted).to.have.length(40)
    })
  })
})
