/** A cache server, or a proxy before it, that sends what is no reply: outages, and never the reply to another command. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache, type CacheStore } from '#core/cache'
import { ServiceUnavailable } from '#core/exceptions'
import { PyMemcacheCache } from '../../core/cache/backends/memcached.ts'
import { RedisCache } from '../../core/cache/backends/redis.ts'
import { Proxy } from '../proxy.ts'
import { requireService } from '../services.ts'
import { memcachedServer, OwnServer, redisServer } from './servers.ts'
import { until } from './until.ts'

const GARBAGE: Readonly<Record<string, string>> = {
  'zero bytes': '\0'.repeat(100),
  'bytes of no protocol': '\x9f\xd8\xff\xe0\x10JFIF\x01\x02',
  'another protocol': 'HTTP/1.1 400 Bad Request\r\n\r\n',
  'an empty reply': '+\r\n',
  'replies to other commands': '+OK\r\n:7\r\n',
  'an empty error': '-\r\n',
  'an error of a proxy': '-upstream failure\r\n',
  'an error that no command has': '-ERR something else\r\n',
  'an error of another protocol version': '!5\r\nabcde\r\n',
  'a length without end': '$99999999999999\r\n',
  'a list without end': '*4294967295\r\n',
  'lists in lists': '*1\r\n'.repeat(20_000),
  'a message of no subscription': '*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n',
}

interface Kind {
  readonly name: string
  readonly program: typeof redisServer
  /** @returns the server that is disturbed, and opens a store that reaches it on another port */
  start(
    started: (server: OwnServer) => Promise<OwnServer>,
  ): Promise<{ port: number; open: (port: number) => CacheStore }>
}

const timeout = 1

const KINDS: readonly Kind[] = [
  ...[2, 3].map((RESP) => ({
    name: `redis, version ${RESP} of its protocol`,
    program: redisServer,
    async start(started: (server: OwnServer) => Promise<OwnServer>) {
      const { port } = await started(await OwnServer.redis())
      const open = (at: number) => new RedisCache({ location: `redis://127.0.0.1:${at}`, options: { timeout, RESP } })
      return { port, open }
    },
  })),
  {
    name: 'a Redis Cluster',
    program: redisServer,
    async start(started) {
      const server = await started(await OwnServer.redis('--cluster-enabled', 'yes'))
      const { createClient } = await import('@redis/client')
      const client = await createClient({ url: `redis://${server.address}` }).connect()
      await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383'])
      client.destroy()
      const open = (port: number) => {
        const rootNodes = [{ url: `redis://127.0.0.1:${port}` }]
        const nodeAddressMap = () => ({ host: '127.0.0.1', port })
        return new RedisCache({ location: '', options: { timeout, cluster: { rootNodes, nodeAddressMap } } })
      }
      return { port: server.port, open }
    },
  },
  {
    name: 'a Sentinel group',
    program: redisServer,
    async start(started) {
      const { port } = await started(await OwnServer.redis())
      const { port: group } = await started(await OwnServer.sentinel(port))
      const open = (at: number) => {
        const nodeAddressMap = (address: string) => ({
          host: '127.0.0.1',
          port: address.endsWith(`:${port}`) ? at : group,
        })
        const sentinelRootNodes = [{ host: '127.0.0.1', port: group }]
        return new RedisCache({
          location: '',
          options: { timeout, sentinel: { name: 'shop', sentinelRootNodes, nodeAddressMap } },
        })
      }
      return { port, open }
    },
  },
  {
    name: 'memcached',
    program: memcachedServer,
    async start(started) {
      const { port } = await started(await OwnServer.memcached())
      return { port, open: (at) => new PyMemcacheCache({ location: `127.0.0.1:${at}`, options: { timeout } }) }
    },
  },
]

describe('a cache server that sends garbage', function () {
  this.timeout(20_000)
  before(() => setup())

  for (const kind of KINDS) {
    describe(`on ${kind.name}`, () => {
      const servers: OwnServer[] = []
      let port = 0
      let open: (port: number) => CacheStore

      before(async function () {
        requireService(kind.program, this)
        ;({ port, open } = await kind.start(async (server) => {
          servers.push(server)
          return server.start()
        }))
      })
      after(async () => {
        for (const server of servers) await server.kill()
      })

      for (const [name, bytes] of Object.entries(GARBAGE)) {
        for (const moment of ['instead of replies', 'before replies', 'on new connections'] as const) {
          it(`is an outage, on connections that are replaced: ${name}, ${moment}`, async () => {
            const proxy = new Proxy(port)
            const cache = new Cache(open(await proxy.listen()))
            const works = (): Promise<boolean> =>
              cache.setMany({ a: 'of a', b: 'of b', d: 1 }).then(
                () => true,
                () => false,
              )
            try {
              if (moment !== 'on new connections') await until('it works', works)
              const earlier = proxy.accepted
              proxy.onReply = (reply, { client }) => {
                client.write(Buffer.from(bytes, 'latin1'))
                if (moment === 'before replies') client.write(reply)
                return false
              }
              const reads = { a: 'of a', b: 'of b' }
              const [one, other, both, ...writes] = await Promise.allSettled([
                cache.get('a'),
                cache.get('b'),
                cache.getMany(['a', 'b']),
                cache.set('c', 1),
                cache.incr('d'),
                cache.add('e', 1),
                cache.touch('a', 60),
                cache.delete('f'),
              ])
              for (const each of [one, other, both, ...writes]) {
                if (each?.status !== 'rejected') continue
                expect(each.reason, String(each.reason)).to.be.instanceOf(ServiceUnavailable)
                expect((each.reason as ServiceUnavailable).retryAfter).to.be.greaterThan(0)
              }
              // A reply that is there is the command's own.
              if (one?.status === 'fulfilled') expect(one.value).to.equal(reads.a)
              if (other?.status === 'fulfilled') expect(other.value).to.equal(reads.b)
              if (both?.status === 'fulfilled') expect(both.value).to.deep.equal(reads)
              proxy.onReply = undefined
              const began = performance.now()
              await until('it works again', works)
              expect(performance.now() - began).to.be.lessThan(3000)
              expect(proxy.accepted).to.be.greaterThan(earlier)
              expect(await cache.getMany(['a', 'b'])).to.deep.equal(reads)
            } finally {
              await cache.close()
              await proxy.close()
            }
          })
        }
      }
    })
  }
})
