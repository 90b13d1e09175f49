/** The contract tests of caches, for every backend on every service. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { type Cache, CacheKeyNotFound, InvalidCacheValue, RefusedCacheValue } from '#core/cache'
import { captureLogs, type LogRecord, setClock } from '#core/utils'
import { NotJson } from '#core/serialization'
import { type Backend, backends, cacheTest, newCache, onEachBackend } from './backends.ts'
import { rejection, until } from './until.ts'

const VALUES: Readonly<Record<string, unknown>> = {
  'a text': 'text',
  'an empty string': '',
  'a string in many scripts': 'naïve 日本語 🎉 \0 \r\n END\r\n',
  'a number': 1.5,
  zero: 0,
  'a number below zero': -7,
  'a large whole number': 9223372036854775807n,
  true: true,
  false: false,
  null: null,
  'a list': [1, 'two', [3], {}],
  'an object': { a: { b: [null, { c: 'd' }] }, 'with space': 1, é: 'ü' },
  'an object with a dangerous key': JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as unknown,
  'much of it': 'x'.repeat(500_000),
}

/** Keys that every backend accepts. */
const KEYS = [
  'simple',
  'with:colon',
  'naïve-café',
  '日本語',
  "quote's",
  '"double"',
  '%41',
  '../../etc/passwd',
  '$(x);',
  '*?[a]',
]

const HARD_KEYS = ['with space', 'line\nend', 'tab\t', 'x'.repeat(251)]

function contract(on: Backend): void {
  const promise = (title: string, body: (cache: Cache) => Promise<void>): void => cacheTest(on, title, body)

  /** A test of a cache whose values Django reads and writes. */
  const among: typeof promise = on.holdsPickles ? promise : () => {}

  /** Advances the time of the cache by some seconds. */
  const pass = async (cache: Cache, seconds: number, key: string): Promise<void> => {
    if (on.agesByOurClock) {
      const later = Date.now() + seconds * 1000
      setClock({ now: () => later })
    } else await until(`'${key}' is over`, async () => !(await cache.hasKey(key)))
  }

  /** A short time to live, in seconds. */
  const SHORT = on.agesByOurClock ? 60 : 1

  for (const [name, value] of Object.entries(VALUES)) {
    promise(`returns ${name} unchanged`, async (cache) => {
      await cache.set('key', value)
      expect(await cache.get('key')).to.deep.equal(value)
    })
  }

  promise('accepts keys of every kind', async (cache) => {
    for (const key of KEYS) await cache.set(key, key)
    expect(await cache.getMany(KEYS)).to.deep.equal(Object.fromEntries(KEYS.map((key) => [key, key])))
  })

  promise('distinguishes keys that differ in case, accents or trailing blanks', async (cache) => {
    const keys = ['key', 'KEY', 'kéy', 'key_', 'Key']
    for (const key of keys) await cache.set(key, key)
    for (const key of keys) expect(await cache.get(key)).to.equal(key)
    expect(await cache.add('kEY', 'another')).to.equal(true)
    expect(await cache.get('key')).to.equal('key')
  })

  promise('accepts a difficult key', async (cache) => {
    for (const key of HARD_KEYS) {
      await cache.set(key, key)
      expect(await cache.get(key)).to.equal(key)
    }
    await cache.set('simple', 1)
    expect(await cache.get('simple')).to.equal(1)
  })

  promise('refuses a value that JSON cannot hold', async (cache) => {
    for (const value of [undefined, () => 1, Number.NaN, new Date(), new Map(), { deep: [Symbol('s')] }]) {
      expect(await rejection(cache.set('key', value))).to.be.instanceOf(NotJson)
    }
    expect(await cache.hasKey('key')).to.equal(false)
  })

  promise('returns the default for a missing key, and null for a stored null', async (cache) => {
    expect(await cache.get('key')).to.equal(undefined)
    expect(await cache.get('key', 'default')).to.equal('default')
    await cache.set('key', null)
    expect(await cache.get('key', 'default')).to.equal(null)
  })

  promise('add stores only a missing key', async (cache) => {
    expect(await cache.add('key', 1)).to.equal(true)
    expect(await cache.add('key', 2)).to.equal(false)
    expect(await cache.get('key')).to.equal(1)
    await cache.delete('key')
    expect(await cache.add('key', 3)).to.equal(true)
  })

  promise('add with an expired timeout succeeds without storing anything', async (cache) => {
    expect(await cache.add('key', 1, 0)).to.equal(true)
    expect(await cache.add('key', 1, -5)).to.equal(true)
    expect(await cache.hasKey('key')).to.equal(false)
    await cache.set('key', 1)
    expect(await cache.add('key', 2, 0)).to.equal(false)
  })

  promise('add replaces an expired value', async (cache) => {
    await cache.set('key', 1, SHORT)
    await pass(cache, SHORT + 1, 'key')
    expect(await cache.add('key', 2)).to.equal(true)
    expect(await cache.get('key')).to.equal(2)
  })

  promise('expires values at their time', async (cache) => {
    await cache.set('key', 1, SHORT)
    await cache.set('long', 1, 100_000)
    await cache.set('ever', 1, null)
    expect(await cache.get('key')).to.equal(1)
    await pass(cache, SHORT + 1, 'key')
    expect(await cache.get('key')).to.equal(undefined)
    expect(await cache.hasKey('key')).to.equal(false)
    expect(await cache.gets('key')).to.equal(undefined)
    expect(await cache.touch('key')).to.equal(false)
    expect(await cache.delete('key')).to.equal(false)
    expect(await cache.getMany(['key', 'long', 'ever'])).to.deep.equal({ long: 1, ever: 1 })
    expect(await rejection(cache.incr('key'))).to.be.instanceOf(CacheKeyNotFound)
  })

  promise('stores nothing with a timeout of zero or less', async (cache) => {
    for (const timeout of [0, -1, -100_000]) {
      await cache.set('key', 1)
      await cache.set('key', 2, timeout)
      expect(await cache.hasKey('key')).to.equal(false)
      await cache.setMany({ a: 1, b: 2 })
      await cache.setMany({ a: 1, b: 2 }, timeout)
      expect(await cache.getMany(['a', 'b'])).to.deep.equal({})
      await cache.set('key', 1)
      expect(await cache.touch('key', timeout)).to.equal(true)
      expect(await cache.hasKey('key')).to.equal(false)
    }
  })

  promise('keeps a value for longer than a month', async (cache) => {
    const months = 60 * 60 * 24 * 90
    await cache.set('key', 1, months)
    await cache.setMany({ other: 2 }, months)
    expect(await cache.getMany(['key', 'other'])).to.deep.equal({ key: 1, other: 2 })
  })

  promise('refuses a timeout that is not a number', async (cache) => {
    expect(await rejection(cache.set('key', 1, Number.NaN))).to.be.instanceOf(TypeError)
    expect(await rejection(cache.set('key', 1, '5' as unknown as number))).to.be.instanceOf(TypeError)
  })

  promise('touch changes the time to live of an existing key', async (cache) => {
    expect(await cache.touch('key', 100)).to.equal(false)
    await cache.set('key', 1, SHORT)
    await cache.set('ever', 1, SHORT)
    await cache.set('control', 1, SHORT)
    expect(await cache.touch('key', 1000)).to.equal(true)
    expect(await cache.touch('ever', null)).to.equal(true)
    expect(await cache.touch('ever', null)).to.equal(true)
    await pass(cache, SHORT + 1, 'control')
    expect(await cache.getMany(['key', 'ever', 'control'])).to.deep.equal({ key: 1, ever: 1 })
  })

  promise('delete returns whether the key existed', async (cache) => {
    await cache.set('key', 1)
    expect(await cache.delete('key')).to.equal(true)
    expect(await cache.delete('key')).to.equal(false)
  })

  promise('reads, writes and deletes many keys', async (cache) => {
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`key${i}`, { i }]))
    expect(await cache.setMany(many)).to.deep.equal([])
    const keys = Object.keys(many)
    expect(await cache.getMany([...keys, 'absent'])).to.deep.equal(many)
    expect(await cache.setMany({ key0: 'new', more: 1 })).to.deep.equal([])
    await cache.deleteMany(keys.slice(1).concat('absent'))
    expect(await cache.getMany(keys)).to.deep.equal({ key0: 'new' })
    expect(await cache.getMany([])).to.deep.equal({})
    expect(await cache.setMany({})).to.deep.equal([])
    await cache.deleteMany([])
  })

  promise('getOrSet stores only a missing key, and returns the stored value', async (cache) => {
    expect(await cache.getOrSet('key', () => Promise.resolve([1]))).to.deep.equal([1])
    expect(await cache.getOrSet('key', 'other')).to.deep.equal([1])
    expect(await cache.getOrSet('null', null)).to.equal(null)
    expect(await cache.getOrSet('null', 1)).to.equal(null)
    expect(await cache.getOrSet('once', 1, 0)).to.equal(1)
    expect(await cache.hasKey('once')).to.equal(false)
  })

  promise('counts up and down, and keeps the time to live', async (cache) => {
    await cache.set('key', 41, SHORT)
    expect(await cache.incr('key')).to.equal(42)
    expect(await cache.incr('key', 10)).to.equal(52)
    expect(await cache.decr('key')).to.equal(51)
    expect(await cache.decr('key', 50)).to.equal(1)
    expect(await cache.incr('key', -1)).to.equal(0)
    expect(await cache.get('key')).to.equal(0)
    await pass(cache, SHORT + 1, 'key')
    expect(await cache.hasKey('key')).to.equal(false)
  })

  promise(on.countsBelowZero ? 'counts below 0' : 'stops at 0, and says that it cannot add to less', async (cache) => {
    await cache.set('key', 1)
    await cache.set('below', -5)
    if (on.countsBelowZero) {
      expect(await cache.decr('key', 3)).to.equal(-2)
      expect(await cache.incr('below', 2)).to.equal(-3)
    } else {
      expect(await cache.decr('key', 3)).to.equal(0)
      expect(await rejection(cache.incr('below'))).to.be.instanceOf(InvalidCacheValue)
    }
  })

  /** @param exact the sum, if a number of JavaScript can represent it */
  const adds = async (cache: Cache, value: number | bigint, delta: number, exact?: number): Promise<void> => {
    await cache.set('key', value)
    const what = `${value} + ${delta}`
    if (exact !== undefined) expect(await cache.incr('key', delta), what).to.equal(exact)
    else {
      const error = await rejection(delta < 0 ? cache.decr('key', -delta) : cache.incr('key', delta))
      expect(error, what).to.be.instanceOf(InvalidCacheValue)
      expect(error.message, what).to.contain('2^53')
    }
    expect(await cache.get('key'), what).to.equal(exact ?? value)
  }

  promise('adds exactly beyond 2^53 or refuses, and then the value is unchanged', async (cache) => {
    const MAX = Number.MAX_SAFE_INTEGER
    await adds(cache, MAX - 1, 1, MAX)
    await adds(cache, MAX, 1)
    await adds(cache, MAX, MAX)
    await adds(cache, MAX, 0, MAX)
    await adds(cache, 9007199254740993n, 1)
    await adds(cache, 9007199254740993n, 0)
    await adds(cache, 9007199254740993n, -1)
    await adds(cache, 9007199254740993n, -2, MAX)
    await adds(cache, 9007199254740993n, -MAX, 2)
    await adds(cache, 9223372036854775806n, 1)
    await adds(cache, 9223372036854775806n, -5)
    if (!on.countsBelowZero) return
    await adds(cache, -MAX, -1)
    await adds(cache, -9007199254740993n, 1)
    await adds(cache, -9007199254740993n, 2, -MAX)
  })

  promise('never wraps around where the server counts in 64 bits', async (cache) => {
    for (const value of [9223372036854775807n, 18446744073709551615n, 18446744073709551600n]) {
      for (const delta of [1, 16, Number.MAX_SAFE_INTEGER]) {
        await cache.set('key', value, 100)
        expect(await rejection(cache.incr('key', delta)), `${value} + ${delta}`).to.be.instanceOf(InvalidCacheValue)
        expect(await cache.get('key'), `${value} + ${delta}`).to.equal(value)
      }
    }
  })

  promise('adds to whole numbers only', async (cache) => {
    expect(await rejection(cache.incr('absent'))).to.be.instanceOf(CacheKeyNotFound)
    expect(await rejection(cache.decr('absent'))).to.be.instanceOf(CacheKeyNotFound)
    for (const value of ['5', 1.5, true, null, [1], { a: 1 }, '', '-']) {
      await cache.set('key', value)
      expect(await rejection(cache.incr('key'))).to.be.instanceOf(InvalidCacheValue)
      expect(await cache.get('key')).to.deep.equal(value)
    }
    await cache.set('key', 1)
    for (const delta of [0.5, Number.NaN, 2 ** 60])
      expect(await rejection(cache.incr('key', delta))).to.be.instanceOf(TypeError)
    expect(await cache.get('key')).to.equal(1)
  })

  promise('separates the versions of a key', async (cache) => {
    await cache.set('key', 1)
    await cache.set('key', 2, undefined, 2)
    expect(await cache.get('key')).to.equal(1)
    expect(await cache.get('key', undefined, 2)).to.equal(2)
    expect(await cache.incr('key', 5, 2)).to.equal(7)
    expect(await cache.getMany(['key'], 2)).to.deep.equal({ key: 7 })
    await cache.delete('key', 2)
    expect(await cache.hasKey('key', 2)).to.equal(false)
    expect(await cache.incrVersion('key')).to.equal(2)
    expect(await cache.get('key')).to.equal(undefined)
    expect(await cache.get('key', undefined, 2)).to.equal(1)
    expect(await cache.decrVersion('key', 1, 2)).to.equal(1)
    expect(await cache.get('key')).to.equal(1)
    expect(await rejection(cache.incrVersion('absent'))).to.be.instanceOf(CacheKeyNotFound)
  })

  promise('separates prefixes and key functions', async (cache) => {
    const other = newCache(on)
    const own = newCache(on, { keyFunction: (key, prefix, version) => `own-${prefix}-${version}-${key}` })
    await cache.set('key', 1)
    expect(await other.hasKey('key')).to.equal(false)
    await own.set('key', 3)
    expect(own.makeKey('key')).to.match(/^own-t/)
    expect(await own.get('key')).to.equal(3)
    await Promise.all([other.close(), own.close()])
  })

  promise('compare-and-set replaces only the value that was read', async (cache) => {
    expect(await cache.gets('key')).to.equal(undefined)
    expect(await cache.cas('key', 1, 'token')).to.equal('missing')
    await cache.set('key', { n: 1 })
    const seen = await cache.gets('key')
    expect(seen?.value).to.deep.equal({ n: 1 })
    expect(await cache.cas('key', { n: 2 }, seen?.token ?? '')).to.equal('stored')
    expect(await cache.cas('key', { n: 3 }, seen?.token ?? '')).to.equal('changed')
    expect(await cache.cas('key', { n: 3 }, 'no token')).to.equal('changed')
    expect(await cache.get('key')).to.deep.equal({ n: 2 })
    await cache.delete('key')
    expect(await cache.cas('key', 1, seen?.token ?? '')).to.equal('missing')
    expect(await cache.hasKey('key')).to.equal(false)
  })

  promise('compare-and-set distinguishes values that differ only in case', async (cache) => {
    await cache.set('key', 'abc')
    const seen = await cache.gets('key')
    await cache.set('key', 'ABC')
    expect(await cache.cas('key', 1, seen?.token ?? '')).to.equal('changed')
    expect(await cache.cas('key', 1, seen?.token ?? '', 0)).to.equal('changed')
  })

  promise('compare-and-set changes the time to live', async (cache) => {
    await cache.set('key', 1)
    const seen = await cache.gets('key')
    expect(await cache.cas('key', 2, seen?.token ?? '', SHORT)).to.equal('stored')
    await pass(cache, SHORT + 1, 'key')
    expect(await cache.hasKey('key')).to.equal(false)
    expect(await cache.cas('key', 3, seen?.token ?? '')).to.equal('missing')
  })

  promise('compare-and-delete removes only the value that was read', async (cache) => {
    await cache.set('key', 1)
    const seen = await cache.gets('key')
    await cache.set('key', 2)
    const again = await cache.gets('key')
    expect(await cache.cas('key', null, seen?.token ?? '', 0)).to.equal('changed')
    expect(await cache.cas('key', null, again?.token ?? '', -1)).to.equal('stored')
    expect(await cache.hasKey('key')).to.equal(false)
    expect(await cache.cas('key', null, again?.token ?? '', 0)).to.equal('missing')
    expect(await cache.add('key', 1)).to.equal(true)
  })

  /** Stores bytes under a key, as another program would. */
  const put = async (cache: Cache, key: string, bytes: string): Promise<void> => {
    const store = on.store()
    await store.set(cache.makeKey(key), on.stored(bytes), 60_000)
    await store.disconnect()
  }

  const found = async (cache: Cache, key: string): Promise<string | undefined> => {
    const store = on.store()
    const stored = await store.get(cache.makeKey(key))
    await store.disconnect()
    return stored
  }

  promise('reports an unreadable value, and returns the token needed to replace it', async (cache) => {
    await put(cache, 'key', 'not {json')
    for (const read of [cache.get('key'), cache.getMany(['key']), cache.gets('key')].map(rejection)) {
      const error = await read
      expect(error).to.be.instanceOf(InvalidCacheValue)
      expect(error).to.not.be.instanceOf(RefusedCacheValue)
      expect(error.message).to.match(/^What the cache holds under the key 'key' cannot be read/)
    }
    expect(await rejection(cache.incr('key'))).to.be.instanceOf(InvalidCacheValue)
    const { token } = (await rejection(cache.gets('key'))) as InvalidCacheValue
    expect(await cache.cas('key', 1, token ?? '')).to.equal('stored')
    expect(await cache.get('key')).to.equal(1)
  })

  among('refuses a pickle that names a global, says so once, and leaves it where it is', async (cache) => {
    const call = "cos\nsystem\n(S'true'\ntR."
    await put(cache, 'key', call)
    const records: LogRecord[] = []
    const release = captureLogs((record) => records.push(record))
    try {
      for (const read of [cache.get('key'), cache.getMany(['key']), cache.gets('key')].map(rejection)) {
        const error = await read
        expect(error).to.be.instanceOf(RefusedCacheValue)
        expect(error.message).to.contain("the global 'os.system'")
      }
    } finally {
      release()
    }
    expect(records.map(({ logger, level }) => `${level} ${logger}`)).to.deep.equal([
      'warning django.security.SuspiciousCache',
    ])
    expect(await found(cache, 'key')).to.equal(on.stored(call))
  })

  among('writes back what Python wrote: floats, tuples, keys that are numbers, bytes and sets', async (cache) => {
    const pickle = '\x80\x04}(Vfloat\nF1.0\nVtuple\n(K\x01K\x02tK\x07V2\nVbytes\nC\x02\0\xffVset\n\x8f(K\x01\x90u.'
    await put(cache, 'key', pickle)
    const seen = await cache.gets('key')
    expect(seen?.value).to.deep.equal({
      float: 1,
      tuple: [1, 2],
      7: '2',
      bytes: new Uint8Array([0, 255]),
      set: new Set([1]),
    })
    expect(await cache.cas('key', seen?.value, seen?.token ?? '')).to.equal('stored')
    expect(await found(cache, 'key')).to.equal(on.stored(pickle))
  })

  promise('is empty after clear()', async (cache) => {
    const other = newCache(on)
    await other.set('key', 1)
    await cache.setMany({ a: 1, b: 2 })
    await cache.clear()
    expect(await cache.getMany(['a', 'b'])).to.deep.equal({})
    expect(await other.hasKey('key')).to.equal(false)
    await other.close()
  })

  promise('works again after close()', async (cache) => {
    await cache.set('key', 1)
    await cache.close()
    await cache.close()
    expect(await cache.get('key')).to.equal(1)
  })

  promise('serves a hundred concurrent callers', async (cache) => {
    const keys = Array.from({ length: 100 }, (_, i) => `key${i}`)
    await Promise.all(keys.map((key, i) => cache.set(key, i)))
    expect(await Promise.all(keys.map((key) => cache.get(key)))).to.deep.equal(keys.map((_, i) => i))
  })

  promise('loses no increment of a hundred concurrent callers', async (cache) => {
    await cache.set('key', 0)
    await Promise.all(Array.from({ length: 100 }, () => cache.incr('key')))
    expect(await cache.get('key')).to.equal(100)
  })

  promise('lets only one of many concurrent add calls succeed', async (cache) => {
    const added = await Promise.all(Array.from({ length: 30 }, (_, i) => cache.add('key', i)))
    expect(added.filter(Boolean)).to.have.length(1)
    expect(await cache.get('key')).to.equal(added.indexOf(true))
  })
}

const all = await backends('contract')

describe('caches', () => {
  before(() => setup())
  onEachBackend(all, contract)
})
