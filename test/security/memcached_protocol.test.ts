/** No client input becomes a command of memcached, and no reply is used for another command. */
import { expect } from 'chai'
import { Cache, InvalidCacheKey, InvalidCacheValue } from '#core/cache'
import { ImproperlyConfigured, ServiceUnavailable } from '#core/exceptions'
import { captureLogs } from '#core/utils'
import { PyMemcacheCache } from '../../core/cache/backends/memcached.ts'
import { MemcachedConnection, MemcachedInterruption, MemcachedRefusal } from '../../core/cache/memcached_client.ts'
import {
  comparison,
  counting,
  deletion,
  expiration,
  isUnique,
  retrieval,
  storage,
} from '../../core/cache/memcached_commands.ts'
import { memcachedServers } from '../../core/cache/memcached_servers.ts'
import { rejection, until } from '../cache/until.ts'
import { memcached, requireService } from '../services.ts'
import { FakeMemcached, Rejected } from './fake_memcached.ts'
import { expectOwnResults } from './many_commands.ts'

const HIJACK = 'x\r\nset :1:victim 16 0 5\r\nHIJAK\r\nflush_all'

/** Tokens that no server returned. */
const TOKENS = [
  '99999999999999999999',
  '18446744073709551616',
  '-1',
  '+1',
  '1e3',
  '0x10',
  '007',
  '1.5',
  ' 1',
  '1 ',
  '1 noreply',
  '1\r\nflush_all',
  '1\n',
  '',
  'NaN',
  'Infinity',
  '１',
  '9'.repeat(1000),
]

const TIMES = [2_147_483_647, 2_147_483_648, 4e9, 1e10, 1e15, 1e21, 1e30, 1e300, Number.MAX_VALUE, Infinity, null]

const NO_NUMBERS = [Number.NaN, Infinity, -Infinity, 0.5, 1e30, 1e300, '1', '1\r\nflush_all', null, undefined, 1n, {}]

describe('the protocol of memcached', function () {
  this.timeout(60_000)
  const ending: (() => Promise<void> | void)[] = []
  let release = () => {}

  beforeEach(() => {
    release = captureLogs(() => {})
  })

  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
    release()
  })

  const opened = (location: string, timeout = 5): Cache => {
    const cache = new Cache(new PyMemcacheCache({ location, options: { timeout } }))
    ending.push(() => cache.close())
    return cache
  }

  const fakeServer = async (): Promise<{ fake: FakeMemcached; address: string }> => {
    const fake = new FakeMemcached()
    const address = await fake.server.listen()
    ending.push(() => fake.server.close())
    return { fake, address }
  }

  const connected = (address: string): Promise<MemcachedConnection> => {
    const [server] = memcachedServers(address, 'default')
    const connecting = MemcachedConnection.open(server as never, {
      tls: undefined,
      lost: () => {},
      givenUp: new AbortController().signal,
    })
    ending.push(async () => (await connecting).destroy())
    return connecting
  }

  describe('when a command is written', () => {
    const item = { key: 'key', flags: 16, expiry: 0, data: Buffer.from('data') }

    it('refuses every number that the protocol does not allow', () => {
      for (const wrong of [...NO_NUMBERS, -2, -1.5, 2 ** 31, 2 ** 32] as number[]) {
        const shown = String(wrong)
        expect(() => storage('set', { ...item, expiry: wrong }), shown).to.throw(TypeError)
        expect(() => storage('add', { ...item, expiry: wrong }), shown).to.throw(TypeError)
        expect(() => comparison({ ...item, expiry: wrong }, '1'), shown).to.throw(TypeError)
        expect(() => expiration('key', wrong), shown).to.throw(TypeError)
      }
      for (const wrong of [...NO_NUMBERS, -1, 2 ** 32] as number[]) {
        expect(() => storage('set', { ...item, flags: wrong }), String(wrong)).to.throw(TypeError)
      }
      for (const wrong of [Number.NaN, Infinity, -Infinity, 0.5, 2 ** 53, -(2 ** 53), 1e300]) {
        expect(() => counting('key', wrong), String(wrong)).to.throw(TypeError)
      }
      for (const token of TOKENS) {
        expect(isUnique(token), token).to.equal(false)
        expect(() => comparison(item, token), token).to.throw(TypeError)
      }
      expect(comparison(item, '18446744073709551615').line).to.equal('cas key 16 0 4 18446744073709551615')
      expect(comparison({ ...item, expiry: -1 }, '0').line).to.equal('cas key 16 -1 4 0')
      expect(storage('set', { ...item, flags: 2 ** 32 - 1, expiry: 2 ** 31 - 1 }).line).to.equal(
        'set key 4294967295 2147483647 4',
      )
      expect(counting('key', -Number.MAX_SAFE_INTEGER).line).to.equal('decr key 9007199254740991')
      expect(counting('key', -0).line).to.equal('incr key 0')
    })

    it('refuses every key that the protocol does not allow', () => {
      for (const key of [
        '',
        ' ',
        'a b',
        'a\tb',
        'a\n',
        '\r',
        'a\0',
        '\x1f',
        '\x7f',
        '\ud800',
        'x'.repeat(251),
        'é'.repeat(126),
      ]) {
        for (const write of [
          () => retrieval('get', key),
          () => retrieval('gets', 'fine', key),
          () => storage('set', { ...item, key }),
          () => comparison({ ...item, key }, '1'),
          () => deletion(key),
          () => expiration(key, 1),
          () => counting(key, 1),
        ]) {
          expect(write, JSON.stringify(key)).to.throw(InvalidCacheKey)
        }
      }
      expect(retrieval('get', 'é'.repeat(125), '\x80', 'é'.repeat(125)).line).to.equal(`get ${'é'.repeat(125)} \x80`)
    })

    it('refuses an invalid location', () => {
      for (const wrong of [
        'a b',
        'host:65536',
        'host:99999',
        'host:1\r\n2',
        'ho\nst',
        '[::1 ]:1',
        'host:-1',
        'host:',
        '',
      ]) {
        expect(() => memcachedServers([wrong], 'default'), wrong).to.throw(ImproperlyConfigured)
      }
      expect(memcachedServers(['[fe80::1%eth0]:1'], 'default')[0]?.name).to.equal('fe80::1%eth0:1')
    })
  })

  const places = async () => {
    const real = await memcached()
    return [
      { name: 'a server of this test', available: true, reason: '', fake: true, location: '' },
      { ...real, name: 'memcached', fake: false },
    ]
  }

  for (const index of [0, 1]) {
    describe(index === 0 ? 'on a server of this test' : 'on memcached', () => {
      let location = ''
      let fake: FakeMemcached | undefined

      beforeEach(async function () {
        const place = (await places())[index]
        if (place === undefined) return
        requireService(place, this)
        fake = undefined
        location = place.location
        if (place.fake) ({ fake, address: location } = await fakeServer())
        await opened(location).clear()
      })

      it('treats an unknown token as one of no state', async () => {
        const cache = opened(location)
        await cache.set('victim', 'mine')
        await cache.set('key', 'old')
        for (const token of TOKENS) {
          expect(await cache.cas('key', HIJACK, token, 600), token).to.equal('changed')
          expect(await cache.cas('key', HIJACK, token, 0), token).to.equal('changed')
          expect(await cache.cas('absent', HIJACK, token, null), token).to.equal('missing')
        }
        expect(await cache.getMany(['victim', 'key', 'absent'])).to.deep.equal({ victim: 'mine', key: 'old' })
        expect(fake?.lines.some((line) => line.includes('HIJAK')) ?? false).to.equal(false)
      })

      it('never expires a value whose timeout is too long to be written', async () => {
        const cache = opened(location)
        await cache.set('victim', 'mine')
        for (const time of TIMES) {
          await cache.set('key', HIJACK, time)
          expect(await cache.get('key'), String(time)).to.equal(HIJACK)
          expect(await cache.touch('key', time), String(time)).to.equal(true)
          const seen = await cache.gets('key')
          expect(await cache.cas('key', HIJACK, seen?.token ?? '', time), String(time)).to.equal('stored')
          expect(await cache.get('key'), String(time)).to.equal(HIJACK)
          await cache.delete('key')
          expect(await cache.add('key', HIJACK, time), String(time)).to.equal(true)
          await cache.setMany({ key: 1, other: 2 }, time)
          expect(await cache.getMany(['key', 'other', 'victim'])).to.deep.equal({ key: 1, other: 2, victim: 'mine' })
        }
      })

      it('closes the connection when a command with data is rejected, and fails what is in flight', async () => {
        if (fake !== undefined) {
          fake.fault = (line) => {
            if (line.startsWith('cas ')) throw new Rejected('CLIENT_ERROR bad command line format')
            return undefined
          }
        }
        const cache = opened(location)
        await cache.setMany({ before: 'before', after: 'after' })
        const connection = await connected(location)
        const rejected = comparison({ key: 'k', flags: 16, expiry: 0, data: Buffer.from('one\r\ntwo') }, '1')
        const settled = await Promise.allSettled([
          connection.items(retrieval('get', ':1:before')),
          connection.run({ ...rejected, line: `${rejected.line}8446744073709551616` }),
          connection.items(retrieval('get', ':1:after')),
          connection.run(storage('set', { key: 'k', flags: 16, expiry: 0, data: Buffer.from('v') })),
        ])
        const [first, second, ...others] = settled
        expect((first as PromiseFulfilledResult<Map<string, unknown>>).value.size).to.equal(1)
        expect((second as PromiseRejectedResult).reason).to.be.instanceOf(MemcachedRefusal)
        for (const other of others) {
          expect((other as PromiseRejectedResult).reason).to.be.instanceOf(MemcachedInterruption)
        }
        expect(await rejection(connection.items(retrieval('get', ':1:after')))).to.be.instanceOf(MemcachedInterruption)
      })
    })
  }

  describe('when a command is refused', () => {
    const REFUSALS = [
      'CLIENT_ERROR bad command line format',
      'CLIENT_ERROR bad data chunk',
      'CLIENT_ERROR line too long',
      'ERROR',
      'SERVER_ERROR out of memory storing object',
      'SERVER_ERROR object too large for cache',
    ]

    for (const refusal of REFUSALS) {
      for (const executes of [true, false]) {
        const how = executes ? 'reads the data as commands' : 'skips the data'
        it(`retries reads that were in flight, and reports writes as failed (${refusal}; the server ${how})`, async () => {
          const { fake, address } = await fakeServer()
          const store = new PyMemcacheCache({ location: address, options: { timeout: 5 } })
          ending.push(() => store.disconnect())
          for (let i = 0; i < 5; i++) fake.put(`key${i}`, `value${i}`)
          const text = (i: number): string => `\x10value${i}`
          fake.put('count', '5', '2')
          fake.fault = (line) => {
            if (!line.startsWith('set bad ')) return undefined
            if (executes) throw new Rejected(refusal)
            return `${refusal}\r\n`
          }
          await store.get('key0')
          const [before, bad, ...others] = await Promise.all(
            [
              store.get('key0'),
              store.set('bad', `\x10${HIJACK}`),
              store.get('key1'),
              store.getMany(['key2', 'key3', 'absent']),
              store.has('key4'),
              store.getWithToken('key4').then((found) => found?.stored),
              store.set('written', '\x101'),
              store.setMany([{ key: 'many', value: '\x101' }]),
              store.add('added', '\x101'),
              store.touch('key0'),
              store.increment('count', 1),
              store.delete('key0'),
            ].map((each: Promise<unknown>) => each.catch((error: unknown) => error)),
          )
          expect(before).to.equal(text(0))
          expect(bad).to.be.instanceOf(refusal.includes('too large') ? InvalidCacheValue : ServiceUnavailable)
          expect(String((bad as Error).cause)).to.contain(refusal)
          // What the data of the refused command did on this server cannot be undone: it emptied it.
          const reads = others.slice(0, 4)
          if (!executes) expect(reads).to.deep.equal([text(1), [text(2), text(3), undefined], true, text(4)])
          for (const error of others.slice(4)) {
            expect(error).to.be.instanceOf(ServiceUnavailable)
            expect((error as Error).message).to.contain('the server refused another command')
          }
          for (const line of ['set written', 'set many', 'add added', 'touch key0', 'incr count', 'delete key0']) {
            expect(
              fake.lines.filter((each) => each.startsWith(line)),
              line,
            ).to.have.length(1)
          }
          const cache = new Cache(store)
          fake.fault = () => undefined
          await cache.set('key', 'works')
          expect(await cache.get('key')).to.equal('works')
        })
      }
    }

    it('is not an outage: the next operation connects immediately', async () => {
      const { fake, address } = await fakeServer()
      const cache = opened(address)
      fake.fault = (line) => (line.startsWith('set :1:bad ') ? 'CLIENT_ERROR bad data chunk\r\n' : undefined)
      for (let i = 0; i < 20; i++) {
        expect(await rejection(cache.set('bad', 1))).to.be.instanceOf(ServiceUnavailable)
        await cache.set('good', i)
        expect(await cache.get('good')).to.equal(i)
      }
    })

    it('affects nothing except a large value', async () => {
      const { fake, address } = await fakeServer()
      const cache = opened(address)
      fake.fault = (line) => (/ \d{6,}$/.test(line) ? 'SERVER_ERROR object too large for cache\r\n' : undefined)
      const [error, ...others] = await Promise.all([
        rejection(cache.set('large', 'x'.repeat(900_000))),
        rejection(cache.setMany({ a: 1, large: 'x'.repeat(900_000) })),
        cache.add('one', 1),
        cache.set('two', 2),
      ])
      expect([error, others[0]].every((each) => each instanceof InvalidCacheValue)).to.equal(true)
      expect(others.slice(1)).to.deep.equal([true, undefined])
      expect(await cache.getMany(['a', 'one', 'two'])).to.deep.equal({ a: 1, one: 1, two: 2 })
    })

    it('keeps the connection after a command without data', async () => {
      const { fake, address } = await fakeServer()
      const cache = opened(address)
      fake.put(':1:text', 'text')
      fake.fault = (line) =>
        line.startsWith('incr') ? 'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n' : undefined
      const [error, text] = await Promise.all([rejection(cache.incr('text')), cache.get('text')])
      expect(error).to.be.instanceOf(InvalidCacheValue)
      expect(text).to.equal('text')
      expect(fake.server.connections).to.equal(1)
    })
  })

  describe('when a response is wrong', () => {
    const OPERATIONS: Readonly<Record<string, (cache: Cache) => Promise<unknown>>> = {
      get: (cache) => cache.get('key'),
      gets: (cache) => cache.gets('key'),
      getMany: (cache) => cache.getMany(['key', 'other']),
      set: (cache) => cache.set('key', 1),
      add: (cache) => cache.add('key', 1),
      cas: (cache) => cache.cas('key', 1, '1'),
      touch: (cache) => cache.touch('key'),
      delete: (cache) => cache.delete('key'),
      incr: (cache) => cache.incr('key'),
      clear: (cache) => cache.clear(),
    }

    const ITEM = 'VALUE :1:key 16 1\r\nx\r\n'
    const READS = [
      'STORED',
      'NOT_FOUND',
      '5',
      'OK',
      `${ITEM}STORED`,
      'VALUE',
      'VALUE ',
      'VALUE :1:key 16',
      'END ',
      'end',
    ]
    const WRONG: Readonly<Record<string, readonly string[]>> = {
      get: [
        ...READS,
        'VALUE :1:other 16 1\r\nx\r\nEND',
        'VALUE :1:key 16 1 7\r\nx\r\nEND',
        `${ITEM}${ITEM}END`,
        'VALUE :1:key 16 1\r\nxx\r\nEND',
        'VALUE :1:key 16 1\r\nxyzEND',
        'VALUE :1:key 16 2\r\nx\r\nEND',
        'VALUE :1:key 16 -1\r\n\r\nEND',
        'VALUE :1:key 16 1e1\r\nx\r\nEND',
        'VALUE :1:key x 1\r\nx\r\nEND',
        'VALUE :1:key 16 9999999999\r\nx',
        'VALUE :1:key 16 10737418240\r\nx',
        'VALUE :1:key 16 99999999999999999999\r\nx',
      ],
      gets: [
        ...READS,
        `${ITEM}END`,
        'VALUE :1:other 16 1 7\r\nx\r\nEND',
        'VALUE :1:key 16 1 18446744073709551616\r\nx\r\nEND',
        'VALUE :1:key 16 1 99999999999999999999999\r\nx\r\nEND',
        'VALUE :1:key 16 1 x\r\nx\r\nEND',
      ],
      getMany: [...READS, `${ITEM}VALUE :1:third 16 1\r\nx\r\nEND`, `${ITEM}${ITEM}END`],
      set: ['EXISTS', 'NOT_FOUND', 'DELETED', 'OK', '1', 'END', `${ITEM}END`, 'stored', 'STORED ', 'VERSION 1.6'],
      add: ['EXISTS', 'NOT_FOUND', 'END', 'TOUCHED'],
      cas: ['NOT_STORED', 'DELETED', 'END', '1', 'OK'],
      touch: ['STORED', 'DELETED', 'OK', 'END', '1'],
      delete: ['STORED', 'TOUCHED', 'OK', 'END', '1'],
      incr: ['STORED', 'OK', 'END', '-1', '1.5', '1e3', 'NaN', '123456789012345678901', ''],
      clear: ['STORED', 'END', '1', 'DELETED'],
    }

    for (const [name, responses] of Object.entries(WRONG)) {
      it(`fails ${name}, and closes the connection`, async () => {
        for (const response of responses) {
          const { fake, address } = await fakeServer()
          fake.fault = () => `${response}\r\n`
          const operation = OPERATIONS[name] as (typeof OPERATIONS)[string]
          const cache = opened(address, 10)
          expect(await rejection(operation(cache)), response).to.be.instanceOf(ServiceUnavailable)
          await until('the connection is closed', () => fake.server.open === 0)
          await cache.close()
        }
      })
    }

    it('gives no command the response of another, wherever the chunks are split', async () => {
      const { fake, address } = await fakeServer()
      for (let i = 0; i < 3; i++) fake.put(`:1:key${i}`, `value\r\n${i}`)
      const length = 'VALUE :1:key0 16 8\r\nvalue\r\n0\r\nEND\r\n'.length * 3
      for (const spoiled of [undefined, 'STORED\r\n', 'VALUE :1:key2 16 1\r\nx\r\nEND\r\n', 'gibberish\r\n']) {
        for (let at = 0; at <= length; at++) {
          fake.cut = (response) => [response.slice(0, at), response.slice(at)]
          fake.fault = (line) => (line === 'get :1:key1' ? spoiled : undefined)
          const cache = opened(address)
          const results = await Promise.all([0, 1, 2].map((i) => cache.get(`key${i}`).catch((error: unknown) => error)))
          expect(results[0], String(at)).to.equal('value\r\n0')
          if (spoiled === undefined) expect(results).to.deep.equal([0, 1, 2].map((i) => `value\r\n${i}`))
          else for (const result of results.slice(1)) expect(result).to.be.instanceOf(ServiceUnavailable)
          await cache.close()
        }
      }
    })

    it('closes a connection with unsolicited data, and continues on another', async () => {
      for (const unasked of ['STORED\r\n', 'END\r\n', 'V', 'ERROR Too many open connections\r\n', '\r\n']) {
        const { fake, address } = await fakeServer()
        fake.fault = (line) => (line.startsWith('set ') ? `STORED\r\n${unasked}` : undefined)
        fake.put(':1:key', 'value')
        const cache = opened(address)
        await cache.set('other', 1)
        await until('the connection is closed', () => fake.server.open === 0)
        expect(await cache.get('key'), unasked).to.equal('value')
      }
    })

    it('reads no endless line, and does not wait for an item of a false size', async () => {
      for (const response of ['x'.repeat(5000), `VALUE ${'k'.repeat(5000)}`, 'VALUE :1:key 16 4294967295\r\n']) {
        const { fake, address } = await fakeServer()
        fake.fault = () => response
        expect(await rejection(opened(address, 60).get('key'))).to.be.instanceOf(ServiceUnavailable)
        await until('the connection is closed', () => fake.server.open === 0)
      }
    })

    it('gives each of many commands its own result or an error, whatever the server does', () => {
      let fake: FakeMemcached
      return expectOwnResults({
        commands: {
          get: async (cache, i) => (await cache.get(`key${i}`)) === `value${i}`,
          gets: async (cache, i) => (await cache.gets(`key${i}`))?.value === `value${i}`,
          incr: async (cache, i) => (await cache.incr(`key${i}`, i + 1)) === i * 100 + i + 1,
          hasKey: (cache, i) => cache.hasKey(`key${i}`),
          set: async (cache, i) => {
            await cache.set(`key${i}`, `set${i}\r\nset :1:victim 16 0 1\r\nx`)
            return fake.items.get(`:1:key${i}`)?.data.startsWith(`set${i}`) === true
          },
        },
        faults: [
          'STORED\r\n',
          'DELETED\r\n',
          'gibberish\r\n',
          'VALUE :1:nobody 16 1\r\nx\r\nEND\r\n',
          'VALUE :1:key0 16 99999999999\r\n',
          'SERVER_ERROR out of memory\r\n',
          'CLIENT_ERROR bad data chunk\r\n',
          'reject',
          'y'.repeat(3000),
        ],
        most: 30,
        numRuns: 150,
        isExpected: (error) => error instanceof ServiceUnavailable,
        async begin(kinds, { faultAt, cut }) {
          const { fake: made, address } = await fakeServer()
          fake = made
          for (const [i, kind] of kinds.entries()) {
            if (kind === 'incr') fake.put(`:1:key${i}`, String(i * 100), '2')
            else if (kind !== 'set') fake.put(`:1:key${i}`, `value${i}`)
          }
          fake.fault = (line, at) => {
            const fault = faultAt(at)
            // For the client, a set with the response STORED was done.
            if (fault === undefined || (fault === 'STORED\r\n' && line.startsWith('set '))) return undefined
            if (fault === 'reject') throw new Rejected('CLIENT_ERROR bad command line format')
            return fault
          }
          fake.cut = cut
          return opened(address)
        },
        async end(cache) {
          await cache.close()
          await fake.server.close()
        },
      })
    })
  })
})
