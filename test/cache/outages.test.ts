/** A server that is down, silent, full or gone for a while: an error in time, one log line, and recovery. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache, type CacheStore } from '#core/cache'
import { overrideSettings } from '#core/conf'
import { connections } from '#core/db'
import { ImproperlyConfigured, ServiceUnavailable } from '#core/exceptions'
import { captureLogs, type LogRecord } from '#core/utils'
import { DatabaseCache } from '../../core/cache/backends/db.ts'
import { FileBasedCache } from '../../core/cache/backends/filebased.ts'
import { PyMemcacheCache } from '../../core/cache/backends/memcached.ts'
import { RedisCache } from '../../core/cache/backends/redis.ts'
import { requireService } from '../services.ts'
import { freePort } from '../management/processes.ts'
import { Proxy } from '../proxy.ts'
import { OPERATIONS } from './operations.ts'
import { FakeServer, memcachedServer, OwnServer, redisServer } from './servers.ts'
import { rejection, until } from './until.ts'

interface Kind {
  readonly name: string
  readonly program: typeof redisServer
  store(address: string, timeout?: number): CacheStore
  server(): Promise<OwnServer>
}

const SECRET = 'hunter2secret'

const KINDS: readonly Kind[] = [
  {
    name: 'redis',
    program: redisServer,
    store: (address, timeout = 1) =>
      new RedisCache({ alias: 'shop', location: `redis://user:${SECRET}@${address}/0`, options: { timeout } }),
    server: () => OwnServer.redis('--user', 'user', 'on', `>${SECRET}`, '~*', '&*', '+@all'),
  },
  {
    name: 'memcached',
    program: memcachedServer,
    store: (address, timeout = 1) => new PyMemcacheCache({ alias: 'shop', location: address, options: { timeout } }),
    server: () => OwnServer.memcached(),
  },
]

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )

describe('a cache in trouble', () => {
  let logged: LogRecord[] = []
  let release = () => {}
  const ending: (() => Promise<void>)[] = []

  before(() => setup())

  beforeEach(() => {
    logged = []
    release = captureLogs((record) => logged.push(record))
  })

  afterEach(async () => {
    release()
    for (const end of ending.splice(0).toReversed()) await end()
  })

  const opened = (store: CacheStore): Cache => {
    const cache = new Cache(store)
    ending.push(() => cache.close())
    return cache
  }

  const started = async (server: OwnServer): Promise<OwnServer> => {
    ending.push(() => server.kill())
    return server.start()
  }

  const lines = (): string[] => logged.filter(({ logger }) => logger === 'django.cache').map(({ message }) => message)

  for (const kind of KINDS) {
    describe(`on ${kind.name}`, () => {
      it('refuses every operation immediately when the port is closed, and logs it once', async () => {
        const address = `127.0.0.1:${await freePort()}`
        const cache = opened(kind.store(address))
        await rejection(cache.get('key'))
        const began = performance.now()
        for (const [name, operation] of Object.entries(OPERATIONS)) {
          const error = await rejection(operation(cache))
          expect(error, name).to.be.instanceOf(ServiceUnavailable)
          expect(error.message, name).to.contain("'shop'").and.contain(address).and.not.contain(SECRET)
          expect(error.cause, name).to.be.instanceOf(Error)
          expect(error.retryAfter, name).to.be.greaterThan(0)
        }
        expect(performance.now() - began).to.be.lessThan(900)
        expect(lines()).to.have.length(1)
        expect(lines()[0])
          .to.match(/shop.*ECONNREFUSED/)
          .and.not.contain(SECRET)
      })

      for (const [name, operation] of Object.entries(OPERATIONS)) {
        it(`does not hang in ${name} on a server that never responds`, async () => {
          const fake = new FakeServer()
          ending.push(() => fake.close())
          const cache = opened(kind.store(await fake.listen(), 0.1))
          const began = performance.now()
          expect(await rejection(operation(cache))).to.be.instanceOf(ServiceUnavailable)
          expect(performance.now() - began).to.be.within(90, 3000)
          await until('no connection is left behind', () => fake.open === 0)
        })
      }

      it('lets only one caller at a time wait for a silent server, and settles them all', async () => {
        const fake = new FakeServer()
        ending.push(() => fake.close())
        const cache = opened(kind.store(await fake.listen(), 0.2))
        const errors = await Promise.all(Array.from({ length: 50 }, () => rejection(cache.get('key'))))
        expect(errors.every((error) => error instanceof ServiceUnavailable)).to.equal(true)
        const began = performance.now()
        await Promise.all(Array.from({ length: 500 }, () => rejection(cache.get('key'))))
        for (let i = 0; i < 20; i++) await rejection(cache.get('key'))
        expect(performance.now() - began).to.be.lessThan(1500)
        expect(fake.connections).to.be.lessThan(4)
        expect(lines()).to.have.length(1)
      })

      it('survives a server that closes every connection', async () => {
        const fake = new FakeServer((socket) => socket.end())
        ending.push(() => fake.close())
        const cache = opened(kind.store(await fake.listen()))
        for (let i = 0; i < 5; i++) expect(await rejection(cache.get('key'))).to.be.instanceOf(ServiceUnavailable)
      })

      it('survives a server with another protocol', async () => {
        const fake = new FakeServer((socket) =>
          socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
        )
        ending.push(() => fake.close())
        const cache = opened(kind.store(await fake.listen(), 0.2))
        expect(await rejection(cache.get('key'))).to.be.instanceOf(ServiceUnavailable)
        expect(await rejection(cache.set('key', 1))).to.be.instanceOf(ServiceUnavailable)
        await until('no connection is left behind', () => fake.open === 0)
      })

      describe('with a private server', () => {
        before(function () {
          requireService(kind.program, this)
        })

        it('recovers when a killed server is back', async () => {
          const server = await started(await kind.server())
          const cache = opened(kind.store(server.address))
          await cache.set('key', 1)
          await server.kill()
          expect(await rejection(cache.get('key'))).to.be.instanceOf(ServiceUnavailable)
          expect(await rejection(cache.set('key', 2))).to.be.instanceOf(ServiceUnavailable)
          await server.start()
          await until('the cache works', () =>
            cache.set('key', 3).then(
              () => true,
              () => false,
            ),
          )
          expect(await cache.get('key')).to.equal(3)
          expect(lines()).to.have.length(2)
          expect(lines()[1]).to.match(/'shop'.*works again/)
        })

        it('is not affected by a restart between two operations', async () => {
          const server = await started(await kind.server())
          const cache = opened(kind.store(server.address))
          await cache.set('key', 1)
          await server.kill()
          await server.start()
          // Lets the event of the closed connection arrive.
          await new Promise((resolve) => setImmediate(resolve))
          expect(await cache.get('key')).to.equal(undefined)
          expect(lines()).to.deep.equal([])
        })

        it('fails within its deadline when the server is frozen, and recovers afterwards', async () => {
          const server = await started(await kind.server())
          const cache = opened(kind.store(server.address, 0.3))
          await until('the cache works', () =>
            cache.set('key', 1).then(
              () => true,
              () => false,
            ),
          )
          logged = []
          await server.freeze()
          const began = performance.now()
          const errors = await Promise.all(Array.from({ length: 20 }, () => rejection(cache.get('key'))))
          expect(errors.every((error) => error instanceof ServiceUnavailable)).to.equal(true)
          expect(errors[0]?.message).to.contain('no response within 0.3 seconds')
          expect(performance.now() - began).to.be.within(250, 2000)
          server.thaw()
          await until('the cache works', () =>
            cache.get('key').then(
              () => true,
              () => false,
            ),
          )
          expect(await cache.get('key')).to.equal(1)
          expect(lines()).to.have.length(2)
        })

        it('works again within 3 s after packets were lost', async () => {
          const server = await started(await kind.server())
          const proxy = new Proxy(server.port)
          ending.push(() => proxy.close())
          const cache = opened(kind.store(`127.0.0.1:${await proxy.listen()}`))
          await until('the cache works', () => succeeds(cache.set('key', 1)))
          proxy.swallows = true
          const errors = await Promise.all(Array.from({ length: 20 }, () => rejection(cache.get('key'))))
          expect(errors.every((error) => error instanceof ServiceUnavailable)).to.equal(true)
          await rejection(cache.set('key', 2))
          proxy.swallows = false
          const began = performance.now()
          await until('the cache works', () => succeeds(cache.get('key')))
          expect(performance.now() - began).to.be.lessThan(3000)
          expect(await cache.get('key')).to.equal(1)
        })

        it('returns the results of operations that began before a crash', async () => {
          const server = await started(await kind.server())
          const cache = opened(kind.store(server.address))
          await cache.set('key', 1)
          const operations = Array.from({ length: 200 }, () => cache.get('key').catch((error: unknown) => error))
          await server.kill()
          for (const result of await Promise.all(operations)) {
            if (result !== 1) expect(result).to.be.instanceOf(ServiceUnavailable)
          }
        })

        it('can be closed during operations', async () => {
          const server = await started(await kind.server())
          const cache = opened(kind.store(server.address))
          const operations = Array.from({ length: 20 }, () => cache.set('key', 1).catch((error: unknown) => error))
          await cache.close()
          await Promise.all(operations)
          await cache.set('key', 2)
          expect(await cache.get('key')).to.equal(2)
        })
      })
    })
  }

  describe('on redis with a server of its own', () => {
    it('works again on a Cluster within 3 s after packets were lost, and mixes up no replies', async () => {
      const server = await OwnServer.redis('--cluster-enabled', 'yes')
      await started(server)
      const { createClient } = await import('@redis/client')
      const client = await createClient({ url: `redis://${server.address}` }).connect()
      ending.push(async () => client.destroy())
      await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383'])
      const proxy = new Proxy(server.port)
      ending.push(() => proxy.close())
      const port = await proxy.listen()
      const cluster = {
        rootNodes: [{ url: `redis://127.0.0.1:${port}` }],
        nodeAddressMap: () => ({ host: '127.0.0.1', port }),
      }
      const cache = opened(new RedisCache({ alias: 'shop', location: '', options: { timeout: 0.5, cluster } }))
      await until('the cluster works', () => succeeds(cache.setMany({ a: 'a', b: 'b' })))
      proxy.swallows = true
      await rejection(cache.get('a'))
      proxy.swallows = false
      const began = performance.now()
      await until('the cache works', async () => {
        const found = await cache.get('b').catch(() => undefined)
        expect(found).to.be.oneOf(['b', undefined])
        return found === 'b'
      })
      expect(performance.now() - began).to.be.lessThan(3000)
      expect(await cache.getMany(['a', 'b'])).to.deep.equal({ a: 'a', b: 'b' })
    })

    it('connects again when its server became a replica', async () => {
      const [before, after] = [await started(await OwnServer.redis()), await started(await OwnServer.redis())]
      const { createClient } = await import('@redis/client')
      const client = await createClient({ url: `redis://${before.address}` }).connect()
      ending.push(async () => client.destroy())
      const proxy = new Proxy(before.port)
      ending.push(() => proxy.close())
      const location = `redis://127.0.0.1:${await proxy.listen()}`
      const cache = opened(new RedisCache({ alias: 'shop', location, options: {} }))
      await cache.set('key', 1)
      await client.sendCommand(['REPLICAOF', '127.0.0.1', String(after.port)])
      const errors = await Promise.all([1, 2, 3].map((value) => rejection(cache.set('key', value))))
      for (const error of errors) {
        expect(error).to.be.instanceOf(ServiceUnavailable)
        expect(error.message).to.contain('READONLY')
      }
      // The address leads to the new master now. The old connection stays open.
      proxy.port = after.port
      await until('the cache works', () => succeeds(cache.set('key', 4)))
      expect(await cache.get('key')).to.equal(4)
      expect(lines()).to.have.length(2)
    })

    before(function () {
      requireService(redisServer, this)
    })

    const plain = (server: OwnServer, options: object = {}): Cache =>
      opened(
        new RedisCache({ alias: 'shop', location: `redis://${server.address}`, options: { timeout: 5, ...options } }),
      )

    it('reports a full server, while reads still work', async () => {
      const server = await started(await OwnServer.redis('--maxmemory', '1', '--maxmemory-policy', 'noeviction'))
      const cache = plain(server)
      for (let i = 0; i < 3; i++) {
        const error = await rejection(cache.set('key', 1))
        expect(error).to.be.instanceOf(ServiceUnavailable)
        expect(error.message).to.contain('OOM')
        expect(await cache.get('key')).to.equal(undefined)
      }
      expect(lines()).to.have.length(1)
    })

    it('reports a server that refuses writes', async () => {
      const server = await started(await OwnServer.redis('--min-replicas-to-write', '1'))
      const error = await rejection(plain(server).set('key', 1))
      expect(error).to.be.instanceOf(ServiceUnavailable)
      expect(error.message).to.contain('NOREPLICAS')
    })

    it('reports a wrong password, without showing it', async () => {
      const server = await started(await OwnServer.redis('--requirepass', 'right'))
      const wrong = new RedisCache({ location: `redis://:${SECRET}@${server.address}`, options: { timeout: 5 } })
      const error = await rejection(opened(wrong).get('key'))
      expect(error).to.be.instanceOf(ServiceUnavailable)
      expect(`${error.message} ${String(error.cause)} ${lines().join(' ')}`)
        .to.contain('WRONGPASS')
        .and.not.contain(SECRET)
      expect(await rejection(plain(server).get('key'))).to.be.instanceOf(ServiceUnavailable)
    })

    it('leaves a non-string value alone', async () => {
      const server = await started(await OwnServer.redis())
      const cache = plain(server)
      const { createClient } = await import('@redis/client')
      const client = await createClient({ url: `redis://${server.address}` }).connect()
      await client.lPush(cache.makeKey('key'), 'a list')
      client.destroy()
      expect((await rejection(cache.get('key'))).message).to.contain('WRONGTYPE')
      expect((await rejection(cache.incr('key'))).message).to.contain('not a whole number')
      expect(await cache.add('key', 1)).to.equal(false)
      await cache.set('key', 1)
      expect(await cache.get('key')).to.equal(1)
    })
  })

  describe('on memcached with a private server', () => {
    before(function () {
      requireService(memcachedServer, this)
    })

    it('reports a value that is too large, without affecting others', async () => {
      const server = await started(await OwnServer.memcached())
      const cache = opened(new PyMemcacheCache({ location: server.address, options: { timeout: 5 } }))
      const [, error] = await Promise.all([
        cache.set('before', 1),
        rejection(cache.set('key', 'x'.repeat(2_000_000))),
        cache.set('after', 2),
      ])
      expect(error.message).to.contain('2000000 bytes').and.contain('1 MB')
      expect(await cache.getMany(['before', 'key', 'after'])).to.deep.equal({ before: 1, after: 2 })
      expect((await rejection(cache.setMany({ a: 1, key: 'x'.repeat(2_000_000) }))).message).to.contain('1 MB')
    })

    it('serves the keys of the other servers when one is down', async () => {
      const servers = [await started(await OwnServer.memcached()), await started(await OwnServer.memcached())]
      const location = servers.map(({ address }) => address)
      const cache = opened(new PyMemcacheCache({ location, options: {} }))
      const keys = Array.from({ length: 40 }, (_, i) => `key${i}`)
      await cache.setMany(Object.fromEntries(keys.map((key) => [key, 1])))
      await servers[0]?.kill()
      const results = await Promise.all(keys.map((key) => cache.get(key).catch(() => 'down')))
      expect(new Set(results)).to.deep.equal(new Set([1, 'down']))
      expect(await rejection(cache.getMany(keys))).to.be.instanceOf(ServiceUnavailable)
    })
  })

  describe('on files', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nuages-outage-'))
    after(() => rmSync(folder, { recursive: true }))

    it('refuses every change while its directory cannot be created, and recovers', async () => {
      const file = path.join(folder, 'a-file')
      writeFileSync(file, '')
      const cache = opened(new FileBasedCache({ alias: 'shop', location: path.join(file, 'cache'), options: {} }))
      for (const name of ['get', 'set', 'add', 'touch', 'delete', 'incr', 'cas'] as const) {
        const error = await rejection((OPERATIONS[name] as (cache: Cache) => Promise<unknown>)(cache))
        expect(error, name).to.be.instanceOf(ServiceUnavailable)
        expect(error.message).to.contain("'shop'")
      }
      expect(lines()).to.have.length(1)
      rmSync(file)
      await cache.set('key', 1)
      expect(await cache.get('key')).to.equal(1)
      expect(lines()).to.have.length(2)
    })

    it('creates its directory again after it was removed', async () => {
      const location = path.join(folder, 'gone')
      const cache = opened(new FileBasedCache({ location, options: {} }))
      await cache.set('key', 1)
      rmSync(location, { recursive: true })
      expect(await cache.get('key')).to.equal(undefined)
      expect(await cache.add('key', 2)).to.equal(true)
      rmSync(location, { recursive: true })
      mkdirSync(location)
      expect(await cache.get('key')).to.equal(undefined)
    })
  })

  describe('on a database', () => {
    const within = (database: object, body: (cache: Cache) => Promise<void>): Promise<void> =>
      overrideSettings({ DATABASES: { default: database as never } }, async () => {
        try {
          await body(opened(new DatabaseCache({ alias: 'shop', location: 'cache_table', options: {} })))
        } finally {
          await connections.close()
        }
      })

    it('reports which command creates the table', () =>
      within({ ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' }, async (cache) => {
        for (const operation of Object.values(OPERATIONS)) {
          const error = await rejection(operation(cache))
          expect(error).to.be.instanceOf(ImproperlyConfigured)
          expect(error.message).to.contain('./manage.ts createcachetable').and.contain("'cache_table'")
        }
      }))

    for (const engine of ['postgresql', 'mysql']) {
      it(`refuses every operation when ${engine} is down, and logs it once`, async () => {
        const PORT = String(await freePort())
        const place = { NAME: 'db', USER: 'user', PASSWORD: SECRET, HOST: '127.0.0.1', PORT }
        await within({ ENGINE: `core.db.backends.${engine}`, ...place }, async (cache) => {
          for (const [name, operation] of Object.entries(OPERATIONS)) {
            const error = await rejection(operation(cache))
            expect(error, name).to.be.instanceOf(ServiceUnavailable)
            expect(error.message).to.contain("'shop'").and.not.contain(SECRET)
          }
          expect(lines()).to.have.length(1)
        })
      })
    }
  })
})
