/** An impossible reply of Redis closes the connection, and no command gets the reply of another. */
import { expect } from 'chai'
import { Cache } from '#core/cache'
import { ServiceUnavailable } from '#core/exceptions'
import { captureLogs } from '#core/utils'
import { RedisCache } from '../../core/cache/backends/redis.ts'
import { OPERATIONS } from '../cache/operations.ts'
import { rejection, until } from '../cache/until.ts'
import { requireFastPaths } from '../services.ts'
import { FakeRedis } from './fake_redis.ts'
import { expectOwnResults } from './many_commands.ts'

const ALL: typeof OPERATIONS = {
  ...OPERATIONS,
  'gets of two': (cache) => Promise.all([cache.gets('key'), cache.gets('other')]),
  'cas of two': (cache) => Promise.all([cache.cas('key', 1, '1'), cache.cas('other', 1, '1')]),
}

const OK = '+OK\r\n'
const ONE = ':1\r\n'
const TWO = ':2\r\n'
const TEXT = '$1\r\nx\r\n'
const NIL = '$-1\r\n'
const LIST = '*1\r\n$1\r\nx\r\n'
const PAIR = '*2\r\n$1\r\nx\r\n$1\r\nx\r\n'
const NUMBERS = '*2\r\n:1\r\n:2\r\n'
const NO_REPLIES = ['?\r\n', 'HTTP/1.1 400 Bad Request\r\n\r\n', '\0\0', '*99999999999\r\n']

const WRONG: Readonly<Record<string, readonly string[]>> = {
  get: [OK, ONE, LIST, '*0\r\n'],
  hasKey: [OK, TWO, ':-1\r\n', ':x\r\n', TEXT, NIL, LIST],
  getMany: [OK, ONE, TEXT, NIL, LIST, NUMBERS, '*3\r\n$1\r\nx\r\n$1\r\nx\r\n$1\r\nx\r\n', '*2\r\n$1\r\nx\r\n-ERR\r\n'],
  gets: [OK, ONE, LIST],
  'gets of two': [OK, ONE, TEXT, NIL, LIST, NUMBERS],
  set: [ONE, TEXT, NIL, LIST, '+QUEUED\r\n', '+ok\r\n'],
  setMany: [ONE, TEXT, NIL, LIST, '+QUEUED\r\n'],
  add: [ONE, TEXT, LIST, '+QUEUED\r\n'],
  touch: [OK, TWO, TEXT, NIL, LIST],
  incr: [OK, ONE, '$1\r\nx\r\n', '$3\r\n1.5\r\n', '$17\r\n12345678901234567\r\n', LIST],
  delete: [OK, TWO, TEXT, NIL, LIST],
  deleteMany: [OK, ':3\r\n', ':-1\r\n', TEXT, NIL, LIST],
  cas: [OK, ONE, TEXT, NIL, '*1\r\n$6\r\nstored\r\n'],
  'cas of two': [OK, ONE, TEXT, NIL, NUMBERS, '*1\r\n$6\r\nstored\r\n'],
  'cas that deletes': [OK, ONE, TEXT, NIL, PAIR],
  clear: [ONE, TEXT, NIL, LIST],
}

describe('the protocol of Redis', function () {
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

  const fakeServer = async (timeout = 10): Promise<{ fake: FakeRedis; cache: Cache }> => {
    const fake = new FakeRedis()
    const address = await fake.server.listen()
    const cache = new Cache(new RedisCache({ location: `redis://${address}`, options: { timeout } }))
    ending.push(async () => {
      await cache.close()
      await fake.server.close()
    })
    await works(cache)
    return { fake, cache }
  }

  /** Waits until the cache is connected, because the following is only about commands. */
  const works = (cache: Cache): Promise<void> =>
    until('the cache works', () =>
      cache.get('nothing').then(
        () => true,
        () => false,
      ),
    )

  for (const [name, replies] of Object.entries(WRONG)) {
    it(`fails ${name} with an impossible reply, closes the connection, and works on another`, async function () {
      // Without fast paths, two reads are two commands, whose wrong replies are those of "gets".
      if (name === 'gets of two') requireFastPaths(this)
      const { fake, cache } = await fakeServer()
      for (const reply of [...replies, ...NO_REPLIES]) {
        fake.fault = () => reply
        const error = await rejection((ALL[name] as (cache: Cache) => Promise<unknown>)(cache))
        expect(error, JSON.stringify(reply)).to.be.instanceOf(ServiceUnavailable)
        await until('the connection is closed', () => fake.server.open === 0)
        fake.fault = () => undefined
        fake.values.set(':1:key', '7')
        await works(cache)
        expect(await cache.get('key')).to.equal(7)
      }
    })
  }

  it('gives no command the data after a wrong reply, even from the same packet', async () => {
    const { fake, cache } = await fakeServer()
    for (const wrong of [OK, ONE, LIST, '?\r\n', `${TEXT}${OK}`]) {
      await works(cache)
      for (let i = 0; i < 5; i++) fake.values.set(`:1:key${i}`, String(i))
      fake.fault = ([, key]) => (key === ':1:key2' ? `${wrong}${TEXT}` : undefined)
      const results = await Promise.all([0, 1, 2, 3, 4].map((i) => cache.get(`key${i}`).catch((e: unknown) => e)))
      expect(results.slice(0, 2), JSON.stringify(wrong)).to.deep.equal([0, 1])
      const rest = wrong.startsWith(TEXT) ? results.slice(3) : results.slice(2)
      for (const result of rest) expect(result, JSON.stringify(wrong)).to.be.instanceOf(Error)
    }
  })

  it('closes a connection with an unsolicited reply, and continues on another', async () => {
    const { fake, cache } = await fakeServer()
    fake.values.set(':1:key', '7')
    for (const unasked of [OK, ONE, TEXT, LIST, '-ERR\r\n', '??']) {
      await works(cache)
      fake.fault = ([name]) => (name === 'SET' ? `${OK}${unasked}` : undefined)
      await cache.set('other', 'value')
      await until('the connection is closed', () => fake.server.open === 0)
      expect(await cache.get('key'), unasked).to.equal(7)
    }
  })

  it('gives no command the late reply of another', async () => {
    const { fake, cache } = await fakeServer(1)
    fake.values.set(':1:slow', '1')
    fake.values.set(':1:key', '2')
    // The server is silent for as long as any caller waits.
    fake.fault = () => ''
    const errors = await Promise.all([rejection(cache.get('slow')), rejection(cache.get('key'))])
    for (const error of errors) expect(error).to.be.instanceOf(Error)
    fake.fault = () => undefined
    let value: unknown
    await until('the cache works', async () => {
      value = await cache.get('key').catch(() => undefined)
      return value !== undefined
    })
    expect(value).to.equal(2)
    expect(await cache.get('slow')).to.equal(1)
  })

  it('does not repeat a write that got a wrong reply', async () => {
    const { fake, cache } = await fakeServer()
    for (const name of ['set', 'add', 'delete', 'touch', 'incr', 'cas']) {
      fake.fault = () => undefined
      await works(cache)
      const before = fake.commands.length
      fake.fault = () => PAIR
      expect(await rejection((ALL[name] as (cache: Cache) => Promise<unknown>)(cache))).to.be.instanceOf(
        ServiceUnavailable,
      )
      expect(fake.commands.length - before, name).to.equal(1)
    }
  })

  it('parses replies split at any byte', async () => {
    const { fake, cache } = await fakeServer()
    for (let i = 0; i < 3; i++) fake.values.set(`:1:key${i}`, String(1_000_000_000_000 + i))
    for (let at = 0; at <= 70; at++) {
      fake.cut = (reply) => [reply.slice(0, at), reply.slice(at)]
      const results = await Promise.all([cache.get('key0'), cache.hasKey('key1'), cache.getMany(['key2', 'no'])])
      expect(results).to.deep.equal([1_000_000_000_000, true, { key2: 1_000_000_000_002 }])
    }
  })

  it('gives each of many commands its own result or an error, whatever the server does', async () => {
    const { fake, cache } = await fakeServer()
    await expectOwnResults({
      commands: {
        get: async (_, i) => (await cache.get(`key${i}`)) === i,
        hasKey: (_, i) => cache.hasKey(`key${i}`),
        getMany: async (_, i) => (await cache.getMany([`key${i}`]))[`key${i}`] === i,
        set: async (_, i) => {
          await cache.set(`key${i}`, i)
          return fake.values.get(`:1:key${i}`) === String(i)
        },
      },
      faults: [':7\r\n', '+QUEUED\r\n', '*1\r\n:1\r\n', '?\r\n', '-ERR\r\n', '*99999999999\r\n', '-OOM\r\n'],
      most: 20,
      numRuns: 40,
      isExpected: (error) => error instanceof Error,
      async begin(kinds, { faultAt, cut }) {
        fake.fault = () => undefined
        fake.cut = (reply) => [reply]
        await works(cache)
        fake.values.clear()
        for (const [i, kind] of kinds.entries()) if (kind !== 'set') fake.values.set(`:1:key${i}`, String(i))
        const first = fake.commands.length
        fake.fault = (_, at) => faultAt(at - first)
        fake.cut = cut
        return cache
      },
    })
  })
})
