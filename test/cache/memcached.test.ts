/** Only for memcached: keys, expiry times, distribution of keys over servers, and responses in several packets. */
import { expect } from 'chai'
import { array, assert, asyncProperty, integer, string } from 'fast-check'
import { Cache, InvalidCacheKey } from '#core/cache'
import { setClock } from '#core/utils'
import { SessionStore } from '../../core/contrib/sessions/backends/cache.ts'
import { memcachedExpiry, PyMemcacheCache } from '../../core/cache/backends/memcached.ts'
import { memcachedServers, murmur3, serverOf } from '../../core/cache/memcached_servers.ts'
import { requireService } from '../services.ts'
import { FakeServer, memcachedServer, OwnServer } from './servers.ts'
import { rejection } from './until.ts'

describe('the memcached cache', () => {
  const ending: (() => Promise<void> | void)[] = []

  afterEach(async () => {
    setClock()
    for (const end of ending.splice(0).toReversed()) await end()
  })

  const opened = (location: string | string[]): Cache => {
    const cache = new Cache(new PyMemcacheCache({ location, options: { timeout: 5 } }))
    ending.push(() => cache.close())
    return cache
  }

  const started = async (): Promise<OwnServer> => {
    const server = await OwnServer.memcached()
    ending.push(() => server.kill())
    return server.start()
  }

  it('rounds a timeout up to seconds, and sends a date for more than thirty days', () => {
    setClock({ now: () => 1_718_452_800_900 })
    const month = 2_592_000_000
    const expiries = [undefined, 0, -1, 1, 1000, 1001, month, month + 1000].map(memcachedExpiry)
    expect(expiries).to.deep.equal([0, -1, -1, 1, 1, 2, 2_592_000, 1_718_452_800 + 2_592_001])
  })

  it('refuses keys that the protocol does not allow, before anything is sent', async () => {
    const store = new PyMemcacheCache({ location: '127.0.0.1:1', options: {} })
    for (const key of ['with space', 'a\r\nflush_all', '\0', '\x7f', '', '\ud800', 'x'.repeat(251), 'é'.repeat(126)]) {
      expect(await rejection(store.get(key))).to.be.instanceOf(InvalidCacheKey)
      expect(await rejection(store.getMany(['fine', key]))).to.be.instanceOf(InvalidCacheKey)
      expect(await rejection(store.set(key, 'x'))).to.be.instanceOf(InvalidCacheKey)
      expect(await rejection(store.delete(key))).to.be.instanceOf(InvalidCacheKey)
      expect(await rejection(store.touch(key, 1))).to.be.instanceOf(InvalidCacheKey)
      expect(await rejection(store.increment(key, 1))).to.be.instanceOf(InvalidCacheKey)
    }
  })

  it('reads LOCATION as Django does', () => {
    const places = (location: string | string[]) => memcachedServers(location, 'default').map(({ name }) => name)
    expect(places('127.0.0.1:11211')).to.deep.equal(['127.0.0.1:11211'])
    expect(places('a:1;b:2, c')).to.deep.equal(['a:1', 'b:2', 'c:11211'])
    expect(places(['[::1]:11212', 'unix:/tmp/m.sock', '/tmp/n.sock'])).to.deep.equal([
      '::1:11212',
      '/tmp/m.sock',
      '/tmp/n.sock',
    ])
  })

  it('computes the published values of the hash function', () => {
    // Published values of MurmurHash3_x86_32 with seed 0.
    const known: Record<string, number> = {
      '': 0,
      test: 0xba6bd213,
      'Hello, world!': 0xc0363e43,
      aaaa: 0x7eeed987,
      abc: 0xb3dd93fa,
    }
    for (const [text, hash] of Object.entries(known)) expect(murmur3(text), text).to.equal(hash)
  })

  it('moves only the keys of a server that is removed', () => {
    const names = ['a:1', 'b:1', 'c:1', 'd:1']
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 4000; i++) {
      const key = `:1:key${i}`
      const home = serverOf(key, names)
      counts[home] = (counts[home] ?? 0) + 1
      const fewer = names.filter((name) => name !== 'b:1')
      if (names[home] !== 'b:1') expect(fewer[serverOf(key, fewer)]).to.equal(names[home])
    }
    for (const count of counts) expect(count).to.be.within(850, 1150)
  })

  it('parses responses split at any byte', () =>
    assert(
      asyncProperty(
        string({ unit: 'binary' }),
        array(integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (value, cuts) => {
          const data = Buffer.from(value)
          const bytes = Buffer.concat([
            Buffer.from(`VALUE :1:k 16 ${data.length}\r\n`),
            data,
            Buffer.from('\r\nEND\r\n'),
          ])
          const fake = new FakeServer((socket) =>
            socket.on('data', () => {
              let at = 0
              const next = (i: number): void => {
                if (at >= bytes.length) return
                const size = cuts[i % cuts.length] as number
                socket.write(bytes.subarray(at, at + size))
                at += size
                setImmediate(() => next(i + 1))
              }
              next(0)
            }),
          )
          const cache = opened(await fake.listen())
          try {
            expect(await cache.get('k')).to.equal(value)
          } finally {
            await cache.close()
            await fake.close()
          }
        },
      ),
      {
        numRuns: 30,
        examples: [
          ['\r\nEND\r\n', [1]],
          ['VALUE :1:k 0 3\r\n', [2]],
        ],
      },
    ))

  it('lets no value end that would end after the last second that the server knows', () => {
    const year = 365 * 24 * 60 * 60 * 1000
    const last = (2 ** 31 - 1) * 1000
    for (const now of ['2026-12-01', '2037-12-31', '2038-01-19T03:14:08Z', '2050-06-01'].map((day) =>
      Date.parse(day),
    )) {
      setClock({ now: () => now })
      for (const ttl of [year, 12 * year, 20 * year, 1000 * year]) {
        expect(memcachedExpiry(ttl), `${now} ${ttl}`).to.equal(now + ttl > last ? 0 : (now + ttl) / 1000)
      }
      expect(memcachedExpiry(60_000)).to.equal(60)
    }
  })

  describe('with servers of its own', () => {
    before(function () {
      requireService(memcachedServer, this)
    })

    const DAY = 24 * 60 * 60
    const NOW = Date.now()
    const CLOCKS = {
      'by the clock': NOW,
      'in 2037': Date.UTC(2037, 11, 25),
      'after January 2038': Date.UTC(2040, 0, 1),
    }
    for (const [when, now] of Object.entries(CLOCKS)) {
      it(`keeps values for decades, ${when}`, async () => {
        const cache = opened((await started()).address)
        setClock({ now: () => now })
        for (const timeout of [31 * DAY, 11 * 365 * DAY, 12 * 365 * DAY, 20 * 365 * DAY, 1e12, null]) {
          const values = { text: 'text', large: 'x'.repeat(700_000), count: 1 }
          await cache.setMany(values, timeout)
          expect(await cache.getMany(Object.keys(values)), `${timeout}`).to.deep.equal(values)
          for (const [key, value] of Object.entries(values)) {
            await cache.set(key, value, timeout)
            expect(await cache.touch(key, timeout)).to.equal(true)
            const seen = await cache.gets(key)
            expect(await cache.cas(key, value, seen?.token ?? '', timeout)).to.equal('stored')
            expect(await cache.get(key)).to.equal(value)
            await cache.delete(key)
            expect(await cache.add(key, value, timeout)).to.equal(true)
            expect(await cache.add(key, 'another', timeout)).to.equal(false)
            expect(await cache.get(key)).to.equal(value)
          }
          expect(await cache.incr('count')).to.equal(2)
          expect(await cache.getOrSet('new', 'value', timeout)).to.equal('value')
          expect(await cache.getMany(['text', 'count', 'new'])).to.deep.equal({ text: 'text', count: 2, new: 'value' })
          await cache.clear()
        }
      })

      it(`keeps sessions for decades, ${when}`, async () => {
        const store = new SessionStore({ cache: opened((await started()).address) })
        setClock({ now: () => now })
        for (const years of [1, 12, 20, 100]) {
          const expiresAt = now + years * 365 * DAY * 1000
          const { key } = await store.create({ data: { years }, expiresAt })
          const { version } = (await store.load(key)) ?? { version: '' }
          await store.update(key, { data: { years: -years }, expiresAt }, version)
          expect((await store.load(key))?.data).to.deep.equal({ years: -years })
        }
      })
    }

    it('spreads its keys over all servers, and finds them again', async () => {
      const servers = await Promise.all([started(), started(), started()])
      const location = servers.map(({ address }) => address)
      const cache = opened(location)
      const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, i]))
      await cache.setMany(many)
      expect(await cache.getMany(Object.keys(many))).to.deep.equal(many)
      expect(await opened(location.toReversed()).getMany(Object.keys(many))).to.deep.equal(many)
      const counts = await Promise.all(
        location.map(async (each) => Object.keys(await opened(each).getMany(Object.keys(many))).length),
      )
      expect(counts.every((count) => count > 50)).to.equal(true)
      expect(counts.reduce((sum, count) => sum + count, 0)).to.equal(300)
      await cache.deleteMany(Object.keys(many))
      await cache.set('key', 1)
      await cache.clear()
      expect(await cache.getMany([...Object.keys(many), 'key'])).to.deep.equal({})
    })

    it('transfers large values of many concurrent callers', async () => {
      const cache = opened((await started()).address)
      const large = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, String(i).repeat(400_000)]))
      await cache.setMany(large)
      expect(await cache.getMany(Object.keys(large))).to.deep.equal(large)
      const values = await Promise.all(Object.keys(large).map((key) => cache.get(key)))
      expect(values).to.deep.equal(Object.values(large))
    })
  })
})
