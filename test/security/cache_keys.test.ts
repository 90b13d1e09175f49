/** A cache accepts any key: none fails, none collides with another, and Django's valid keys are stored as in Django. */
import { expect } from 'chai'
import { assert, asyncProperty, string, uniqueArray } from 'fast-check'
import { setup } from '#core/apps'
import { type Cache, InvalidCacheKey } from '#core/cache'
import { overrideSettings } from '#core/conf'
import { Client } from '#core/test'
import { captureLogs, type LogRecord } from '#core/utils'
import { hashedKey } from '../../core/cache/keys.ts'
import { type Backend, backends, cacheTest, inDatabase, newCache, onEachBackend } from '../cache/backends.ts'
import { rejection } from '../cache/until.ts'

/** Keys that some server cannot store, and similar keys, which must not collide with them. */
const KEYS = [
  '',
  ' ',
  'a',
  'a ',
  'a  ',
  ' a',
  'a b',
  'A',
  'á',
  'a\u0301',
  'a\n',
  'a\r\n',
  'a\r\nset :1:victim 0 0 1\r\nx\r\n',
  'a\t',
  'a\0',
  'a\0b',
  '\0',
  '\x1f',
  '\x7f',
  '\x80',
  '\u0085',
  '\u00a0',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\udfff',
  '\ud800\ud800',
  'a\ud83d',
  '😀',
  '😀'.repeat(60),
  '😀'.repeat(250),
  'é'.repeat(120),
  'é'.repeat(10_000),
  ...[200, 240, 247, 248, 250, 251, 252, 253, 254, 255, 256, 1000, 10_000, 10_001, 1_000_000].map((n) => 'x'.repeat(n)),
  `${'x'.repeat(9_999)}y`,
  '__proto__',
  'constructor',
  "'; DROP TABLE cache_table; --",
  '*',
  '%',
  '../../etc/passwd',
]

const CLASSES = ['with space', 'a\0b', 'a\r\nflush_all', 'x'.repeat(10_000), 'é'.repeat(5000), 'ok', '']

const all = await backends('seckeys')

function contract(on: Backend): void {
  const promise = (title: string, body: (cache: Cache) => Promise<void>): void => cacheTest(on, title, body)

  promise('stores a value under every key, separate from all others', async (cache) => {
    for (const key of KEYS) expect(await cache.get(key, 'none')).to.equal('none')
    for (const [i, key] of KEYS.entries()) expect(await cache.add(key, i), JSON.stringify(key)).to.equal(true)
    for (const [i, key] of KEYS.entries()) expect(await cache.get(key), JSON.stringify(key)).to.equal(i)
    const many = await cache.getMany(KEYS)
    for (const [i, key] of KEYS.entries()) expect(Object.entries(many)).to.deep.include([key, i])
    for (const [i, key] of KEYS.entries()) {
      expect(await cache.hasKey(key)).to.equal(true)
      expect(await cache.touch(key, 500)).to.equal(true)
      expect(await cache.incr(key, 1000)).to.equal(i + 1000)
      const seen = await cache.gets(key)
      expect(await cache.cas(key, String(i), seen?.token ?? '')).to.equal('stored')
    }
    for (const [i, key] of KEYS.entries()) {
      expect(await cache.get(key), JSON.stringify(key)).to.equal(String(i))
      expect(await cache.delete(key)).to.equal(true)
      expect(await cache.hasKey(key)).to.equal(false)
    }
    await cache.setMany(Object.fromEntries(KEYS.map((key) => [key, key.length])))
    for (const key of KEYS) expect(await cache.get(key), JSON.stringify(key)).to.equal(key.length)
    await cache.deleteMany(KEYS)
    for (const key of KEYS) expect(await cache.hasKey(key), JSON.stringify(key)).to.equal(false)
  })

  promise('does not confuse a key with the hash of another key', async (cache) => {
    const long = 'x'.repeat(10_000)
    await cache.set(long, 'long')
    const prefix = cache.makeKey('')
    const hashed = hashedKey(cache.makeKey(long))
    expect(hashed.startsWith(prefix)).to.equal(true)
    expect(await cache.get(hashed.slice(prefix.length))).to.equal(undefined)
    await cache.set(hashed.slice(prefix.length), 'forged')
    expect(await cache.get(long)).to.equal('long')
    expect(await cache.get(hashed.slice(prefix.length))).to.equal('forged')
  })

  promise('stores under Django’s own key if every server can store that', async (cache) => {
    const store = on.store()
    for (const key of [
      'plain',
      'with:colon',
      'naïve-日本語',
      'x'.repeat(200),
      '~sha256~',
      `~sha256~${'a'.repeat(42)}`,
    ]) {
      await cache.set(key, 'value')
      expect(await store.has(cache.makeKey(key)), key).to.equal(true)
    }
    await store.disconnect()
  })

  promise('accepts keys of any characters', (cache) =>
    assert(
      asyncProperty(uniqueArray(string({ unit: 'binary', maxLength: 300 }), { maxLength: 5 }), async (keys) => {
        for (const key of keys) await cache.set(key, key.length)
        for (const key of keys) {
          expect(await cache.get(key)).to.equal(key.length)
          await cache.delete(key)
        }
      }),
      { numRuns: 20 },
    ),
  )

  promise('accepts prefixes and versions that no server can store in a key', async (cache) => {
    const own = newCache(on, { keyPrefix: 'a b\r\n\0'.repeat(100), version: 7 })
    await own.set('key', 'own')
    await cache.set('key', 'other')
    expect(await own.get('key')).to.equal('own')
    expect(await own.get('key', 'none', 8)).to.equal('none')
    await own.close()
  })
}

describe('the keys of caches', function () {
  this.timeout(60_000)
  before(() => setup())

  onEachBackend(all, (on) => {
    contract(on)

    it('do not make a request fail when a client chooses them', () =>
      inDatabase(on.database, async () => {
        const release = captureLogs(() => {})
        const entry = {
          BACKEND: on.dottedName,
          LOCATION: on.location(),
          OPTIONS: on.options,
          KEY_PREFIX: 'view',
        }
        const settings = {
          CACHES: { default: entry },
          ROOT_URLCONF: 'test.security.fixtures.cache_urls',
          MIDDLEWARE: [],
        }
        await overrideSettings(settings, async () => {
          const client = new Client()
          for (const key of CLASSES) {
            const query = `?key=${encodeURIComponent(key)}`
            for (const _ of [1, 2]) {
              await client.get(`/delete${query}`)
              const missing = await client.get(`/read${query}`)
              expect(missing.status, key.slice(0, 20)).to.equal(200)
              expect(missing.json()).to.deep.equal({ value: 'none', many: [], has: false })
              const written = await client.get(`/write${query}`)
              expect(written.json()).to.deep.equal({ value: key })
              expect((await client.get(`/read${query}`)).json()).to.deep.equal({ value: key, many: [key], has: true })
            }
          }
        })
        release()
      }))
  })

  it('are logged once for each kind of problem, with only the start of the key', async () => {
    const records: LogRecord[] = []
    const release = captureLogs((record) => records.push(record))
    const locmem = all.find(({ name }) => name === 'locmem') as Backend
    const cache = newCache(locmem)
    for (let i = 0; i < 3; i++) for (const key of ['with space', `secret${'x'.repeat(10_000)}`]) await cache.set(key, 1)
    release()
    const warnings = records.filter(({ message }) => message.startsWith('CacheKeyWarning'))
    expect(warnings).to.have.length(2)
    for (const { message } of warnings) expect(message.length).to.be.lessThan(250)
  })

  it('must be strings when KEY_FUNCTION returns them', async () => {
    const locmem = all.find(({ name }) => name === 'locmem') as Backend
    for (const wrong of [Promise.resolve('key'), undefined, null, 7, ['key'], {}]) {
      const cache = newCache(locmem, { keyFunction: () => wrong as never })
      expect(await rejection(cache.get('key'))).to.be.instanceOf(InvalidCacheKey)
      expect(await rejection(cache.set('key', 1))).to.be.instanceOf(InvalidCacheKey)
    }
  })
})
