/** Numbers, versions and tokens for a cache: an invalid one is a TypeError, on every backend. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { type Cache, InvalidCacheValue } from '#core/cache'
import { type Backend, backends, cacheTest, onEachBackend } from '../cache/backends.ts'
import { rejection } from '../cache/until.ts'

const TIMEOUTS = [Number.NaN, '60', '', '60\r\nflush_all', true, {}, [], 60n, new Date(), () => 60, Symbol('60')]

/** Seconds that no server can count: the value never expires. */
const LONG = [2 ** 31, 1e10, 1e12, 1e16, 1e21, 1e100, 1e300, Number.MAX_VALUE, Number.POSITIVE_INFINITY, null]

const OVER = [0, -0, -1, -0.5, -1e300, Number.NEGATIVE_INFINITY, -Number.MIN_VALUE]

const VERSIONS = [Number.NaN, Infinity, 1.5, 2 ** 53, '1', '1\r\nflush_all', 'x'.repeat(1000), null, true, {}, 1n]

const DELTAS = [Number.NaN, Infinity, -Infinity, 0.5, 1e300, 2 ** 53, '1', '1\r\nflush_all', null, true, {}, 1n]

const TOKENS = ['', ' ', '0', '\0', '\ud800', '1\r\nflush_all', '🎉', 'Ł', 'x'.repeat(100_000), '18446744073709551616']

const NO_TOKENS = [undefined, null, 1, 1n, {}, ['1'], true]

const all = await backends('secnumbers')

function contract(on: Backend): void {
  const promise = (title: string, body: (cache: Cache) => Promise<void>): void => cacheTest(on, title, body)

  promise('refuses a timeout that is not a number, and changes nothing', async (cache) => {
    await cache.set('key', 'value')
    const seen = await cache.gets('key')
    for (const wrong of TIMEOUTS as number[]) {
      for (const operation of [
        () => cache.set('key', 1, wrong),
        () => cache.add('other', 1, wrong),
        () => cache.touch('key', wrong),
        () => cache.setMany({ key: 1 }, wrong),
        () => cache.getOrSet('other', 1, wrong),
        () => cache.cas('key', 1, seen?.token ?? '', wrong),
      ]) {
        expect(await rejection(operation()), String(wrong)).to.be.instanceOf(TypeError)
      }
    }
    expect(await cache.getMany(['key', 'other'])).to.deep.equal({ key: 'value' })
  })

  promise('never expires a value whose timeout is too long to be counted', async (cache) => {
    for (const time of LONG) {
      await cache.set('key', 1, time)
      expect(await cache.get('key'), String(time)).to.equal(1)
      expect(await cache.touch('key', time)).to.equal(true)
      const seen = await cache.gets('key')
      expect(await cache.cas('key', 2, seen?.token ?? '', time)).to.equal('stored')
      expect(await cache.add('added', 3, time)).to.equal(true)
      await cache.setMany({ many: 4 }, time)
      expect(await cache.getMany(['key', 'added', 'many']), String(time)).to.deep.equal({ key: 2, added: 3, many: 4 })
      await cache.deleteMany(['key', 'added', 'many'])
    }
  })

  promise('keeps a value for a moment with a short timeout', async (cache) => {
    for (const time of [Number.MIN_VALUE, 1e-300]) {
      await cache.set('key', 1, time)
      await cache.touch('key', time)
      await cache.add('other', 1, time)
    }
    await cache.deleteMany(['key', 'other'])
  })

  promise('stores nothing with a timeout of zero or less', async (cache) => {
    for (const time of OVER) {
      await cache.set('key', 1)
      await cache.set('key', 2, time)
      expect(await cache.hasKey('key'), String(time)).to.equal(false)
      await cache.set('key', 1)
      expect(await cache.touch('key', time), String(time)).to.equal(true)
      expect(await cache.hasKey('key')).to.equal(false)
    }
  })

  promise('refuses a version that is not a whole number', async (cache) => {
    for (const wrong of VERSIONS as number[]) {
      const shown = String(wrong)
      for (const operation of [
        () => cache.get('key', undefined, wrong),
        () => cache.set('key', 1, undefined, wrong),
        () => cache.add('key', 1, undefined, wrong),
        () => cache.touch('key', undefined, wrong),
        () => cache.delete('key', wrong),
        () => cache.hasKey('key', wrong),
        () => cache.getMany(['key'], wrong),
        () => cache.setMany({ key: 1 }, undefined, wrong),
        () => cache.deleteMany(['key'], wrong),
        () => cache.incr('key', 1, wrong),
        () => cache.decr('key', 1, wrong),
        () => cache.gets('key', wrong),
        () => cache.cas('key', 1, '1', undefined, wrong),
        () => cache.incrVersion('key', 1, wrong),
        () => cache.decrVersion('key', 1, wrong),
        () => cache.incrVersion('key', wrong),
        () => cache.decrVersion('key', wrong),
      ]) {
        expect(await rejection(operation()), shown).to.be.instanceOf(TypeError)
      }
      expect(() => cache.makeKey('key', wrong), shown).to.throw(TypeError)
    }
    await cache.set('key', 'minus', undefined, -1)
    expect(await cache.get('key', 'none', -1)).to.equal('minus')
    expect(await cache.get('key', 'none')).to.equal('none')
  })

  promise('increments only by whole numbers', async (cache) => {
    await cache.set('key', 5)
    for (const wrong of DELTAS as number[]) {
      expect(await rejection(cache.incr('key', wrong)), String(wrong)).to.be.instanceOf(TypeError)
      expect(await rejection(cache.decr('key', wrong)), String(wrong)).to.be.instanceOf(TypeError)
    }
    expect(await cache.incr('key', -0)).to.equal(5)
    expect(await cache.decr('key', 0)).to.equal(5)
    expect(await cache.get('key')).to.equal(5)
  })

  promise('returns no inexact sum', async (cache) => {
    await cache.set('key', Number.MAX_SAFE_INTEGER - 1)
    expect(await cache.incr('key')).to.equal(Number.MAX_SAFE_INTEGER)
    for (const delta of [1, Number.MAX_SAFE_INTEGER]) {
      expect(await rejection(cache.incr('key', delta))).to.be.instanceOf(InvalidCacheValue)
    }
    expect(await cache.get('key')).to.equal(Number.MAX_SAFE_INTEGER)
    if (!on.countsBelowZero) return
    await cache.set('low', Number.MIN_SAFE_INTEGER)
    expect(await rejection(cache.decr('low'))).to.be.instanceOf(InvalidCacheValue)
    expect(await cache.get('low')).to.equal(Number.MIN_SAFE_INTEGER)
  })

  promise('treats an unknown token as one of no state', async (cache) => {
    await cache.set('key', 'A')
    for (const token of TOKENS) {
      for (const timeout of [undefined, 0, null]) {
        expect(await cache.cas('key', 'new', token, timeout), JSON.stringify(token)).to.equal('changed')
        expect(await cache.cas('absent', 'new', token, timeout), JSON.stringify(token)).to.equal('missing')
      }
    }
    for (const token of NO_TOKENS as string[]) {
      expect(await rejection(cache.cas('key', 'new', token))).to.be.instanceOf(TypeError)
      expect(await rejection(cache.cas('key', 'new', token, 0))).to.be.instanceOf(TypeError)
    }
    expect(await cache.getMany(['key', 'absent'])).to.deep.equal({ key: 'A' })
  })
}

describe('the numbers of caches', function () {
  this.timeout(60_000)
  before(() => setup())

  onEachBackend(all, contract)
})
