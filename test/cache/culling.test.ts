/** No built-in cache exceeds MAX_ENTRIES, and each drops the entries that Django would drop. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache, type CacheStore } from '#core/cache'
import { type Backend, backends, inDatabase, onEachBackend } from './backends.ts'

/** The number of entries that remain of 49 in a cache for 30, as in Django's own tests. */
const LEFT: Readonly<Record<string, { third: number; all: number }>> = {
  locmem: { third: 29, all: 19 },
  filebased: { third: 29, all: 19 },
  db: { third: 29, all: 18 },
}

const all = (await backends('culling')).filter((on) => on.hasMaxEntries)

async function filled(store: CacheStore): Promise<number> {
  const cache = new Cache(store, { keyPrefix: 'culling' })
  await cache.clear()
  const keys = Array.from({ length: 49 }, (_, i) => `key${i}`)
  for (const key of keys) await cache.set(key, 'value', 1000)
  return Object.keys(await cache.getMany(keys)).length
}

describe('culling', () => {
  before(() => setup())

  onEachBackend(all, (on) => {
    const promise = (title: string, body: (on: Backend) => Promise<void>): void => {
      it(title, () => inDatabase(on.database, () => body(on)))
    }
    const left = LEFT[on.name.split(' ')[0] as string]

    promise('drops a fraction of the entries when there are too many', async () => {
      expect(await filled(on.store({ MAX_ENTRIES: 30 }))).to.equal(left?.third)
    })

    promise('drops all entries when the frequency is 0', async () => {
      expect(await filled(on.store({ MAX_ENTRIES: 30, CULL_FREQUENCY: 0 }))).to.equal(left?.all)
    })

    promise('does not count again while there is room', async () => {
      expect(await filled(on.store({ MAX_ENTRIES: 1000 }))).to.equal(49)
    })
  })

  it('limits 100,000 distinct keys of one process to MAX_ENTRIES', async () => {
    const store = all.find((on) => on.name === 'locmem')?.store({ MAX_ENTRIES: 500 }) as CacheStore
    const cache = new Cache(store)
    await cache.clear()
    const keys = Array.from({ length: 100_000 }, (_, i) => `key${i}`)
    for (const [i, key] of keys.entries()) {
      if (i % 3 === 0) await cache.add(key, i)
      else await cache.set(key, i)
    }
    const left = Object.keys(await cache.getMany(keys))
    expect(left.length).to.be.within(300, 500)
    expect(left.at(-1)).to.equal('key99999')
  })

  it('keeps recently used entries', async () => {
    const store = all.find((on) => on.name === 'locmem')?.store({ MAX_ENTRIES: 9 }) as CacheStore
    const cache = new Cache(store)
    await cache.clear()
    for (let i = 0; i < 9; i++) await cache.set(`key${i}`, i)
    await cache.get('key0')
    await cache.set('new', 1)
    expect(Object.keys(await cache.getMany(['key0', 'key1', 'key2', 'key3', 'key4', 'new']))).to.deep.equal([
      'key0',
      'key4',
      'new',
    ])
  })
})
