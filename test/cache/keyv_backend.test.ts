/** KeyvCache: the adapters it accepts, how it reports their failures, and its guarantees within one process. */
import { EventEmitter } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { Keyv } from 'keyv'
import { setup } from '#core/apps'
import { Cache, cache } from '#core/cache'
import { overrideSettings } from '#core/conf'
import { ImproperlyConfigured, ServiceUnavailable } from '#core/exceptions'
import { captureLogs, type LogRecord, clock, resolvePackage, setClock } from '#core/utils'
import { KeyvCache } from '../../core/cache/backends/keyv.ts'
import { KeyvClient } from '../../core/cache/keyv_client.ts'
import { freePort } from '../management/processes.ts'
import { redis, requireService, temporaryFolder } from '../services.ts'
import { OPERATIONS } from './operations.ts'
import { OwnServer, redisServer } from './servers.ts'
import { rejection, until } from './until.ts'

/** A slow storage adapter in memory that fails on demand. */
class SlowAdapter extends EventEmitter {
  readonly opts = {}
  namespace?: string | undefined
  readonly entries = new Map<string, unknown>()
  /** Called in each operation, after the delay. */
  fault: (operation: string) => unknown = () => undefined

  async #work<T>(operation: string, work: () => T): Promise<T> {
    await pause(1)
    await this.fault(operation)
    return work()
  }

  get<Value>(key: string): Promise<Value | undefined> {
    return this.#work('get', () => this.entries.get(key) as Value)
  }

  set(key: string, value: unknown): Promise<void> {
    return this.#work('set', () => void this.entries.set(key, value))
  }

  delete(key: string): Promise<boolean> {
    return this.#work('delete', () => this.entries.delete(key))
  }

  clear(): Promise<void> {
    return this.#work('clear', () => this.entries.clear())
  }
}

/** As the adapter of Keyv for memcached: it passes on seconds, and the server takes those over 30 days for a date. */
class KeyvMemcache extends SlowAdapter {
  ends = new Map<string, number>()

  override set(key: string, value: unknown, ttl?: number): Promise<void> {
    const seconds = Math.floor((ttl ?? 0) / 1000)
    const now = clock.now() / 1000
    this.ends.set(key, seconds === 0 ? Number.POSITIVE_INFINITY : seconds > 30 * 86_400 ? seconds : now + seconds)
    return super.set(key, value)
  }

  override async get<Value>(key: string): Promise<Value | undefined> {
    const found = await super.get<Value>(key)
    return (this.ends.get(key) ?? 0) > clock.now() / 1000 ? found : undefined
  }
}

const over = (adapter: unknown, options: object = {}): Cache =>
  new Cache(new KeyvCache({ alias: 'shop', location: '', options: { adapter, ...options } }))

const withCache = (entry: object, body: () => Promise<void>): Promise<void> =>
  overrideSettings({ CACHES: { default: { BACKEND: 'core.cache.backends.keyv.KeyvCache', ...entry } } }, body)

describe('KeyvCache', () => {
  let logged: LogRecord[] = []
  let release = (): void => {}

  before(() => setup())
  beforeEach(() => {
    logged = []
    release = captureLogs((record) => logged.push(record))
  })
  afterEach(() => {
    release()
    setClock()
  })

  const lines = (): string[] => logged.filter(({ logger }) => logger === 'django.cache').map(({ message }) => message)

  describe('accepts an adapter', () => {
    const folder = temporaryFolder('adapters')

    /** A module with an adapter that keeps its parameters in `globalThis`. */
    const adapterFile = (name: string, exported: string): string => {
      const file = path.join(folder, name)
      const methods = ['get(){}', 'set(){}', 'delete(){}', 'clear(){}'].join('\n')
      writeFileSync(
        file,
        `class Adapter { constructor(...given) { globalThis.givenToAdapter = given }\n${methods} }\n${exported}\n`,
      )
      return file
    }

    const given = async (entry: { LOCATION?: string; OPTIONS: Record<string, unknown> }): Promise<unknown> => {
      await withCache(entry, async () => void (await cache.get('key')))
      return (globalThis as { givenToAdapter?: unknown }).givenToAdapter
    }

    it('by the name of its package, created with LOCATION and the other OPTIONS', async () => {
      const adapter = adapterFile('default.mjs', 'export default Adapter')
      expect(await given({ LOCATION: 'x://y', OPTIONS: { adapter } })).to.deep.equal(['x://y'])
      expect(await given({ LOCATION: 'x://y', OPTIONS: { adapter, a: 1 } })).to.deep.equal(['x://y', { a: 1 }])
      const ours = { timeout: 2, namespace: 'shop', serializer: 'core.cache.serializers.JSONSerializer' }
      expect(await given({ OPTIONS: { adapter, a: 1, ...ours } })).to.deep.equal([{ a: 1 }])
      expect(await given({ OPTIONS: { adapter } })).to.deep.equal([])
    })

    it('under any export name', async () => {
      for (const [file, exported] of [
        [
          'named.mjs',
          'class Keyv extends Adapter { constructor() { super(); throw 1 } }\nexport { Keyv, Adapter as SomeStore }',
        ],
        ['module.cjs', 'module.exports = Adapter'],
        ['default.cjs', 'exports.default = Adapter; exports.other = 1'],
      ] as const) {
        const adapter = adapterFile(file, exported)
        expect(await given({ LOCATION: file, OPTIONS: { adapter } })).to.deep.equal([file])
      }
    })

    it('by the name of a package that supports only `import`', () => {
      for (const [name, exports] of Object.entries({
        'only-import': { import: './main.js' },
        nested: { '.': { types: './main.d.ts', import: { types: './main.d.ts', default: './main.js' } } },
      })) {
        const home = path.join(folder, 'node_modules', name)
        mkdirSync(home, { recursive: true })
        writeFileSync(path.join(home, 'package.json'), JSON.stringify({ name, type: 'module', exports }))
        expect(resolvePackage(name, { setting: 'CACHES', root: folder })).to.equal(path.join(home, 'main.js'))
      }
      expect(() => resolvePackage('no-such-adapter', { setting: 'CACHES', root: folder })).to.throw(
        ImproperlyConfigured,
        "CACHES needs the npm package 'no-such-adapter', which is not installed. Run: npm install no-such-adapter",
      )
    })

    it('that is an object, or uses a Map of this process without one', async () => {
      const adapter = new SlowAdapter()
      await withCache({ OPTIONS: { adapter }, KEY_PREFIX: 'p', VERSION: 2 }, async () => {
        await cache.set('key', { a: 1 }, null)
        expect(await cache.get('key')).to.deep.equal({ a: 1 })
      })
      expect([...adapter.entries]).to.deep.equal([['keyv:p:2:key', '{"value":"{\\"a\\":1}","key":"p:2:key"}']])
      const map = new Map<string, unknown>()
      await over(map, { namespace: 'shop' }).set('key', 1)
      expect([...map.keys()]).to.deep.equal(['shop::1:key'])
      await withCache({ LOCATION: 'one' }, () => cache.set('key', 1))
      for (const [LOCATION, value] of [
        ['one', 1],
        ['two', undefined],
      ] as const) {
        await withCache({ LOCATION }, async () => void expect(await cache.get('key')).to.equal(value))
      }
    })

    it('or reports what to install, or what else is wrong', () => {
      for (const [options, message] of [
        [{ adapter: '@keyv/absent' }, /CACHES\['shop'\].*npm install @keyv\/absent/],
        [{ adapter: 7 }, /CACHES\['shop'\]\.OPTIONS\.adapter.*found 7/],
        [{ adapter: '' }, /OPTIONS\.adapter.*found ""/],
        [{ adapter: { get() {} } }, /OPTIONS\.adapter/],
        [{ adapter: new Keyv() }, /OPTIONS\.adapter/],
        [{ adapter: new Map(), MAX_ENTRIES: 5 }, /'MAX_ENTRIES'/],
        [{ MAX_ENTRIES: 5 }, /'MAX_ENTRIES'/],
        [{ namespace: '' }, /OPTIONS\.namespace/],
      ] as const) {
        expect(() => new KeyvCache({ alias: 'shop', location: '', options })).to.throw(ImproperlyConfigured, message)
      }
    })

    it('or reports, without a password, a package that has none or refuses its parameters', async () => {
      const none = over(adapterFile('none.mjs', 'export const createKeyv = () => {}'))
      expect(await rejection(none.get('key'))).to.be.instanceOf(ImproperlyConfigured)
      const adapter = adapterFile(
        'strict.mjs',
        'export default class extends Adapter { constructor(url) { super(); new URL(url) } }',
      )
      const location = 'no url with hunter2'
      const refused = new Cache(new KeyvCache({ alias: 'shop', location, options: { adapter } }))
      for (let i = 0; i < 2; i++) {
        const error = await rejection(refused.get('key'))
        expect(error).to.be.instanceOf(ImproperlyConfigured)
        expect(`${error.message}${String(error.cause)}`)
          .to.contain("CACHES['shop']")
          .and.not.contain('hunter2')
      }
      expect(lines()).to.deep.equal([])
    })
  })

  describe('within one process', () => {
    it('loses no concurrent change, even of several caches on one adapter', async () => {
      const adapter = new SlowAdapter()
      const caches = [over(adapter), over(adapter)] as const
      const each = Array.from({ length: 20 }, (_, i) => caches[i % 2] as Cache)
      await caches[0].setMany({ count: 0, list: [] })
      await Promise.all(each.map((one) => one.incr('count')))
      expect(await caches[0].get('count')).to.equal(20)
      const added = await Promise.all(each.map((one) => one.add('new', 1)))
      expect(added.filter(Boolean)).to.have.length(1)
      const join = async (one: Cache, i: number): Promise<void> => {
        const seen = await one.gets('list')
        if (seen === undefined) throw new Error('The list is gone.')
        const list = [...(seen.value as number[]), i]
        if ((await one.cas('list', list, seen.token)) === 'changed') await join(one, i)
      }
      await Promise.all(each.map(join))
      expect(((await caches[0].get('list')) as number[]).toSorted((a, b) => a - b)).to.deep.equal(each.map((_, i) => i))
    })

    it('never overwrites a set with a compare-and-set that has read before it', async () => {
      const one = over(new SlowAdapter())
      await one.set('key', 1)
      const seen = await one.gets('key')
      const [result] = await Promise.all([one.cas('key', 2, seen?.token ?? ''), one.set('key', 3), one.touch('key')])
      expect([result, await one.get('key')]).to.deep.equal(['stored', 3])
    })

    it('does not delete a new value in place of an expired one', async () => {
      const adapter = new SlowAdapter()
      const one = over(adapter)
      await one.set('key', 'old', 60)
      const later = Date.now() + 61_000
      setClock({ now: () => later })
      // Another caller sets the key between the read of the expired value and its removal.
      let setting: Promise<void> | undefined
      adapter.fault = () => void (setting ??= one.set('key', 'new'))
      const found = await one.get('key')
      await setting
      expect(found).to.equal(undefined)
      expect(await one.get('key')).to.equal('new')
      await one.set('other', 1, 1)
      setClock({ now: () => later + 2000 })
      expect(await one.getMany(['other'])).to.deep.equal({})
      expect([...adapter.entries.keys()]).to.deep.equal(['keyv::1:key'])
    })

    it('lets a value end when it should, also where the adapter counts in seconds or in dates', async () => {
      const now = clock.now()
      const cache = over(new KeyvMemcache())
      for (const seconds of [0.5, 1.9, 30 * 86_400, 31 * 86_400, 12 * 365 * 86_400, 20 * 365 * 86_400, 1e12]) {
        setClock({ now: () => now })
        await cache.set('key', 1, seconds)
        expect(await cache.touch('key', seconds)).to.equal(true)
        expect(await cache.incr('key')).to.equal(2)
        setClock({ now: () => now + seconds * 1000 - 100 })
        expect(await cache.get('key'), `${seconds}`).to.equal(2)
        setClock({ now: () => now + seconds * 1000 + 1 })
        expect(await cache.get('key'), `${seconds}`).to.equal(undefined)
      }
    })

    it('keeps the exact expiry of a value that is added to', async () => {
      let now = Date.now()
      setClock({ now: () => now })
      const one = over(new Map())
      await one.set('key', 0, 60)
      for (let i = 0; i < 10; i++) {
        now += 5999
        expect(await one.incr('key')).to.equal(i + 1)
      }
      now += 10
      expect(await one.hasKey('key')).to.equal(false)
    })

    it('distinguishes keys even where the adapter does not', async () => {
      const adapter = new SlowAdapter()
      const read = adapter.get.bind(adapter)
      const write = adapter.set.bind(adapter)
      adapter.get = (key) => read(key.toLowerCase())
      adapter.set = (key, value) => write(key.toLowerCase(), value)
      const one = over(adapter)
      await one.set('key', 'a')
      expect(await one.get('KEY')).to.equal(undefined)
      expect(await one.delete('KEY')).to.equal(false)
      expect(await one.get('key')).to.equal('a')
    })

    it('reads values that another program has written with Keyv', async () => {
      const map = new Map<string, unknown>()
      const other = new Keyv({ store: map, namespace: 'keyv' })
      await other.set(':1:object', { a: [1, 'é'] })
      await other.set(':1:number', 5, 60_000)
      map.set('keyv::1:parsed', { value: [1] })
      const one = over(map)
      expect(await one.getMany(['object', 'number', 'parsed'])).to.deep.equal({
        object: { a: [1, 'é'] },
        number: 5,
        parsed: [1],
      })
      expect(await one.incr('number')).to.equal(6)
      const later = Date.now() + 61_000
      setClock({ now: () => later })
      expect(await one.get('number')).to.equal(undefined)
    })
  })

  describe('with an adapter that fails', () => {
    it('reports an outage once, and its end', async () => {
      const adapter = new SlowAdapter()
      const one = over(adapter)
      await one.set('key', 1)
      adapter.fault = () => Promise.reject(new Error('connection lost'))
      for (const [name, operation] of Object.entries(OPERATIONS)) {
        const error = await rejection(operation(one))
        expect(error, name).to.be.instanceOf(ServiceUnavailable)
        expect(error.message, name).to.contain("'shop'").and.contain('SlowAdapter').and.contain('connection lost')
        expect(error.retryAfter, name).to.be.greaterThan(0)
      }
      expect(lines()).to.have.length(1)
      adapter.fault = () => undefined
      expect(await one.get('key')).to.equal(1)
      expect(lines()).to.have.length(2)
      expect(lines()[1]).to.match(/'shop'.*works again/)
    })

    it('treats an error that is only emitted as a failure', async () => {
      const adapter = new SlowAdapter()
      const one = over(adapter)
      await one.set('key', 1)
      const error = new Error('connection lost')
      adapter.fault = () => void adapter.emit('error', error)
      const read = adapter.get.bind(adapter)
      // As @keyv/redis does, which then returns undefined.
      adapter.get = async <Value>(key: string) => {
        await read(key)
        return undefined as Value | undefined
      }
      for (const [name, operation] of Object.entries(OPERATIONS)) {
        expect(await rejection(operation(one)), name).to.be.instanceOf(ServiceUnavailable)
      }
      expect(lines()).to.have.length(1)
      adapter.get = read
      adapter.fault = () => undefined
      await one.set('key', 2)
      expect(await one.get('key')).to.equal(2)
    })

    it('writes nothing after a read whose error was only emitted', async () => {
      const adapter = new SlowAdapter()
      const one = over(adapter)
      await one.set('key', 1)
      const read = adapter.get.bind(adapter)
      adapter.get = async <Value>(key: string) => {
        await read(key)
        adapter.emit('error', new Error('connection lost'))
        return undefined as Value | undefined
      }
      expect((await rejection(new KeyvClient(adapter, 'keyv').get('key'))).message).to.equal('connection lost')
      expect(await rejection(one.add('key', 2))).to.be.instanceOf(ServiceUnavailable)
      await pause(20)
      adapter.get = read
      expect(await one.get('key')).to.equal(1)
    })

    it('does not wait for the timeout when an error is emitted', async () => {
      const adapter = new SlowAdapter()
      const one = over(adapter, { timeout: 10 })
      await one.set('key', 1)
      adapter.fault = () => new Promise(() => {})
      const began = performance.now()
      const failed = Promise.all([rejection(one.get('key')), rejection(one.incr('other'))])
      await pause(20)
      adapter.emit('error', new Error('connection lost'))
      for (const error of await failed) expect(error.message).to.contain('connection lost')
      expect(performance.now() - began).to.be.lessThan(2000)
    })

    it('treats a value that is not stored as an error', async () => {
      const adapter = new SlowAdapter()
      adapter.set = () => Promise.resolve(false) as never
      expect(await rejection(over(adapter).set('key', 1))).to.be.instanceOf(ServiceUnavailable)
    })

    it('fails within the timeout, and lets only one caller at a time wait', async () => {
      const adapter = new SlowAdapter()
      const one = over(adapter, { timeout: 0.2 })
      await one.set('key', 1)
      let isSilent = true
      adapter.fault = () => (isSilent ? new Promise(() => {}) : undefined)
      const began = performance.now()
      const errors = await Promise.all(Array.from({ length: 20 }, () => rejection(one.get('key'))))
      expect(performance.now() - began).to.be.within(190, 2000)
      expect(errors.every((error) => error instanceof ServiceUnavailable)).to.equal(true)
      expect(errors[0]?.message).to.contain('within 0.2 seconds')
      const again = performance.now()
      for (let i = 0; i < 50; i++) await rejection(one.get('other'))
      expect(performance.now() - again).to.be.lessThan(1000)
      isSilent = false
      await until('the cache works', () =>
        one.get('key').then(
          () => true,
          () => false,
        ),
      )
      expect(lines()).to.have.length(2)
    })

    it('writes nothing for a caller that got an error', async () => {
      const adapter = new SlowAdapter()
      const one = over(adapter, { timeout: 0.2 })
      await one.set('key', 1)
      let goOn = (): void => {}
      adapter.fault = (operation) =>
        operation === 'get' ? new Promise<void>((resolve) => (goOn = resolve)) : undefined
      const failed = [one.incr('key'), one.incr('key')].map(rejection)
      for (const error of await Promise.all(failed)) expect(error).to.be.instanceOf(ServiceUnavailable)
      adapter.fault = () => undefined
      goOn()
      await until('the cache works', () => one.touch('key').catch(() => false))
      expect(await one.get('key')).to.equal(1)
    })

    it('unlocks a key whose operation never ends', async () => {
      const adapter = new SlowAdapter()
      const one = over(adapter, { timeout: 0.05 })
      adapter.fault = () => new Promise(() => {})
      expect(await rejection(one.set('key', 1))).to.be.instanceOf(ServiceUnavailable)
      adapter.fault = () => undefined
      await until('the key can be set', () =>
        one.set('key', 2).then(
          () => true,
          () => false,
        ),
      )
      expect(await one.get('key')).to.equal(2)
    })
  })

  describe('with @keyv/redis', () => {
    const store = (address: string, timeout = 1): Cache =>
      new Cache(
        new KeyvCache({
          alias: 'shop',
          location: `redis://user:hunter2@${address}/0`,
          options: { adapter: '@keyv/redis', timeout },
        }),
      )

    it('reports a refused connection within the timeout, once and without the password', async () => {
      const one = store(`127.0.0.1:${await freePort()}`, 0.3)
      // Loads the package first, so that the time for it does not count.
      await rejection(one.get('key'))
      for (const [name, operation] of Object.entries(OPERATIONS)) {
        const began = performance.now()
        const error = await rejection(operation(one))
        expect(error, name).to.be.instanceOf(ServiceUnavailable)
        expect(error.message, name).to.contain("'shop'").and.not.contain('hunter2')
        expect(performance.now() - began, name).to.be.lessThan(1500)
      }
      expect(lines()).to.have.length(1)
      await one.close()
    })

    it('recovers when the server is back', async function () {
      requireService(redisServer, this)
      const server = await OwnServer.redis('--user', 'user', 'on', '>hunter2', '~*', '&*', '+@all')
      await server.start()
      const one = store(server.address)
      const works = (): Promise<void> =>
        until('the cache works', () =>
          one.set('key', 1).then(
            () => true,
            () => false,
          ),
        )
      try {
        await works()
        logged = []
        await server.kill()
        expect(await rejection(one.get('key'))).to.be.instanceOf(ServiceUnavailable)
        await server.start()
        await works()
        expect(await one.get('key')).to.equal(1)
        expect(lines().filter((line) => line.includes('failed'))).to.have.length(1)
        expect(lines().at(-1)).to.match(/'shop'.*works again/)
        await server.freeze()
        const errors = await Promise.all(Array.from({ length: 10 }, () => rejection(one.incr('key'))))
        expect(errors.every((error) => error instanceof ServiceUnavailable)).to.equal(true)
        server.thaw()
        await works()
      } finally {
        await one.close()
        await server.kill()
      }
    })

    it('empties only its own namespace, completely', async function () {
      const service = await redis()
      requireService(service, this)
      const on = (namespace: string): Cache =>
        new Cache(new KeyvCache({ location: service.location, options: { adapter: '@keyv/redis', namespace } }))
      const [one, other] = [on('one'), on('other')]
      await Promise.all([one.setMany({ key: 1, 'a::b': 2 }), other.set('key', 3)])
      await one.clear()
      expect(await one.getMany(['key', 'a::b'])).to.deep.equal({})
      expect(await other.get('key')).to.equal(3)
      await other.clear()
      await Promise.all([one.close(), other.close()])
    })
  })
})
