/** `caches` and `cache`: one instance per alias in CACHES, with the parameters of the entry. */
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { type Cache, cache, caches, closeCaches, InvalidCacheBackendError } from '#core/cache'
import { overrideSettings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { LocMemCache } from '../../core/cache/backends/locmem.ts'
import * as memcached from '../../core/cache/backends/memcached.ts'
import { RedisCache } from '../../core/cache/backends/redis.ts'
import { LazyPackage } from '../../core/conf/load_class.ts'
import { temporaryFolder } from '../services.ts'
import { rejection } from './until.ts'

const LOCMEM = 'core.cache.backends.locmem.LocMemCache'

const withCaches = (entries: Record<string, object>, body: () => Promise<void> | void): Promise<void> =>
  overrideSettings({ CACHES: entries as never }, async () => body())

describe('caches', () => {
  before(() => setup())

  it('has one cache for each alias, and the default one as `cache`', () =>
    withCaches({ default: { BACKEND: LOCMEM }, other: { BACKEND: LOCMEM, LOCATION: 'other' } }, async () => {
      expect(caches.default).to.equal(caches.default)
      expect(caches.default).to.not.equal(caches.other)
      await cache.set('key', 1)
      expect(await caches.default?.get('key')).to.equal(1)
      expect(await caches.other?.get('key')).to.equal(undefined)
    }))

  it('lists the aliases and suggests the closest one for an unknown alias', () =>
    withCaches({ default: { BACKEND: LOCMEM }, sessions: { BACKEND: LOCMEM } }, () => {
      expect(() => caches.sesions).to.throw(InvalidCacheBackendError, /'sesions'.*default and sessions.*'sessions'\?/)
      expect(() => caches.constructor).to.throw(InvalidCacheBackendError)
    }))

  it("accepts Django's names of the backends", () =>
    withCaches(
      {
        default: { BACKEND: 'django.core.cache.backends.dummy.DummyCache' },
        redis: { BACKEND: 'django.core.cache.backends.redis.RedisCache', LOCATION: 'redis://127.0.0.1:1' },
        py: { BACKEND: 'django.core.cache.backends.memcached.PyMemcacheCache', LOCATION: ['127.0.0.1:1'] },
        lib: { BACKEND: 'django.core.cache.backends.memcached.PyLibMCCache', LOCATION: '127.0.0.1:1;127.0.0.1:2' },
        mem: { BACKEND: 'django.core.cache.backends.memcached.MemcachedCache', LOCATION: '127.0.0.1:1' },
        file: { BACKEND: 'django.core.cache.backends.filebased.FileBasedCache', LOCATION: '/tmp/never-made' },
        db: { BACKEND: 'django.core.cache.backends.db.DatabaseCache', LOCATION: 'cache_table' },
      },
      () => {
        for (const alias of ['default', 'redis', 'py', 'lib', 'mem', 'file', 'db']) {
          expect(caches[alias]?.makeKey('key')).to.equal(':1:key')
        }
        expect(memcached.PyLibMCCache).to.equal(memcached.PyMemcacheCache)
      },
    ))

  it('gives a cache its prefix, version, timeout and key function', () =>
    withCaches(
      {
        default: {
          BACKEND: LOCMEM,
          KEY_PREFIX: 'shop',
          VERSION: 3,
          TIMEOUT: 0,
          KEY_FUNCTION: (key: string, prefix: string, version: number) => `${version}/${prefix}/${key}`,
        },
      },
      async () => {
        expect(cache.makeKey('key')).to.equal('3/shop/key')
        await cache.set('key', 1)
        expect(await cache.hasKey('key')).to.equal(false)
      },
    ))

  it('refuses an invalid backend', async () => {
    const error = await rejection(withCaches({ default: { BACKEND: 'core.cache.errors.InvalidCacheKey' } }, () => {}))
    expect(error).to.be.instanceOf(ImproperlyConfigured)
    expect(error.message).to.contain("CACHES['default'].BACKEND")
  })

  const FILE = { BACKEND: 'core.cache.backends.filebased.FileBasedCache', LOCATION: temporaryFolder('serializers') }
  class Backwards {
    dumps(value: unknown): string {
      return JSON.stringify(value).split('').toReversed().join('')
    }

    loads(bytes: string): unknown {
      return JSON.parse(bytes.split('').toReversed().join(''))
    }
  }

  it('serializes values with the serializer of OPTIONS, or the given one', async () => {
    const name = 'core.cache.serializers.JSONSerializer'
    for (const [serializer, canHoldBytes] of [
      [name, false],
      [`django.${name.slice('core.'.length)}`.replace('django.cache', 'django.core.cache'), false],
      ['core.cache.serializers.PickleSerializer', true],
      ['django.core.cache.backends.redis.RedisSerializer', true],
      [Backwards, false],
      [new Backwards(), false],
      ['', true],
    ] as const) {
      await withCaches({ default: { ...FILE, OPTIONS: serializer === '' ? {} : { serializer } } }, async () => {
        await cache.set('key', { a: [1, 'é'] })
        expect(await cache.get('key')).to.deep.equal({ a: [1, 'é'] })
        const bytes = new Uint8Array([1])
        await cache.set('bytes', bytes).catch(() => undefined)
        expect(isDeepStrictEqual(await cache.get('bytes').catch(() => undefined), bytes)).to.equal(canHoldBytes)
        await cache.clear()
      })
    }
  })

  it('stores JSON where no other program can read the values', () =>
    withCaches({ default: { BACKEND: LOCMEM, LOCATION: 'as json' } }, async () => {
      await cache.set('key', { a: 1.5 })
      expect(await new LocMemCache({ location: 'as json', options: {} }).get(':1:key')).to.equal('{"a":1.5}')
    }))

  it('refuses an invalid serializer at start', async () => {
    for (const [serializer, found] of [
      ['core.cache.errors.shownKey', "'core.cache.errors.shownKey'"],
      ['core.cache.errors.InvalidCacheKey', "'core.cache.errors.InvalidCacheKey'"],
      ['core.cache.serializers.JSNSerializer', 'JSNSerializer'],
      [7, '7'],
      [null, 'null'],
    ] as const) {
      const error = await rejection(withCaches({ default: { ...FILE, OPTIONS: { serializer } } }, () => {}))
      expect(error).to.be.instanceOf(ImproperlyConfigured)
      expect(error.message).to.contain("CACHES['default'].OPTIONS.serializer").and.contain(found)
    }
  })

  it('reports which package to install', () => {
    expect(() => new LazyPackage("CACHES['shop']", 'no-such-client')).to.throw(
      ImproperlyConfigured,
      /CACHES\['shop'\].*npm install no-such-client/,
    )
  })

  it('refuses an invalid location, without repeating its password', () =>
    withCaches(
      {
        default: { BACKEND: 'core.cache.backends.redis.RedisCache', LOCATION: 'localhost:6379:hunter2' },
        number: { BACKEND: 'core.cache.backends.redis.RedisCache', LOCATION: 'redis://localhost/zero' },
        mem: { BACKEND: 'core.cache.backends.memcached.PyMemcacheCache', LOCATION: 'host:port' },
        file: { BACKEND: 'core.cache.backends.filebased.FileBasedCache' },
        db: { BACKEND: 'core.cache.backends.db.DatabaseCache' },
      },
      () => {
        expect(() => caches.default?.makeKey('')).to.throw(ImproperlyConfigured, /^(?!.*hunter2).*CACHES\['default'\]/)
        for (const alias of ['number', 'mem', 'file', 'db']) {
          expect(() => caches[alias]?.makeKey('')).to.throw(ImproperlyConfigured, `CACHES['${alias}']`)
        }
      },
    ))

  it('opens a cache again after all were closed', () =>
    withCaches({ default: { BACKEND: LOCMEM, LOCATION: 'closing' } }, async () => {
      const before: Cache | undefined = caches.default
      await closeCaches()
      expect(caches.default).to.not.equal(before)
    }))

  it('does not connect before it is used', () => {
    const unused = new RedisCache({ location: 'redis://127.0.0.1:1', options: {} })
    expect(unused).to.be.instanceOf(RedisCache)
  })

  it('stores nothing in the dummy cache, and returns what a cache would', () =>
    withCaches({ default: { BACKEND: 'core.cache.backends.dummy.DummyCache' } }, async () => {
      await cache.set('key', 1)
      expect(await cache.get('key', 'default')).to.equal('default')
      expect(await cache.add('key', 1)).to.equal(true)
      expect(await cache.touch('key')).to.equal(false)
      expect(await cache.getMany(['key'])).to.deep.equal({})
      expect(await cache.setMany({ key: 1 })).to.deep.equal([])
      expect(await cache.getOrSet('key', 5)).to.equal(5)
      expect(await cache.gets('key')).to.equal(undefined)
      expect(await cache.cas('key', 1, '')).to.equal('missing')
      await cache.deleteMany(['key'])
      await cache.clear()
      expect((await rejection(cache.incr('key'))).name).to.equal('CacheKeyNotFound')
    }))

  it('shares an in-process cache between entries with the same LOCATION', async () => {
    const [one, two] = ['shared', 'shared'].map((location) => new LocMemCache({ location, options: {} }))
    await one?.set('key', '1')
    expect(await two?.get('key')).to.equal('1')
  })
})
