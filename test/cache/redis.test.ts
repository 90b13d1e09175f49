/** Only for Redis: replicas, TLS, Sentinel, Cluster, and one round trip for several keys. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createClient } from '@redis/client'
import { expect } from 'chai'
import { Cache } from '#core/cache'
import { fastPaths } from '#core/utils'
import { RedisCache } from '../../core/cache/backends/redis.ts'
import { requireService, skipTest } from '../services.ts'
import { freePort } from '../management/processes.ts'
import { OwnServer, redisServer } from './servers.ts'
import { rejection, until } from './until.ts'

const EVERYTHING = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`key${i}`, i]))

/** The number of timeout signals that are created while `work` runs. */
async function timedSignals(work: () => Promise<void>): Promise<number> {
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  let made = 0
  AbortSignal.timeout = (milliseconds) => {
    made++
    return timeout(milliseconds)
  }
  try {
    await work()
    return made
  } finally {
    AbortSignal.timeout = timeout
  }
}

/** Uses each feature once, without a timeout per command. */
async function exercise(cache: Cache): Promise<void> {
  // The servers of a Cluster are connected one after the other.
  await cache.getMany(Object.keys(EVERYTHING))
  expect(await timedSignals(() => useEverything(cache))).to.equal(0)
}

async function useEverything(cache: Cache): Promise<void> {
  await cache.setMany(EVERYTHING)
  expect(await cache.getMany(Object.keys(EVERYTHING))).to.deep.equal(EVERYTHING)
  expect(await cache.incr('key1', 5)).to.equal(6)
  expect(await cache.add('key1', 5)).to.equal(false)
  expect(await cache.touch('key1', 50)).to.equal(true)
  const seen = await cache.gets('key1')
  expect(await cache.cas('key1', 7, seen?.token ?? '')).to.equal('stored')
  expect(await cache.get('key1')).to.equal(7)
  await cache.deleteMany(['key2', 'key3'])
  expect(await cache.hasKey('key2')).to.equal(false)
  await cache.clear()
  expect(await cache.getMany(Object.keys(EVERYTHING))).to.deep.equal({})
}

describe('the redis cache', function () {
  this.timeout(20_000)
  const ending: (() => Promise<void> | void)[] = []

  before(function () {
    requireService(redisServer, this)
  })
  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
  })

  const started = async (...options: string[]): Promise<OwnServer> => {
    const server = await OwnServer.redis(...options)
    ending.push(() => server.kill())
    return server.start()
  }

  const opened = (location: string | string[], options: object = {}): Cache => {
    const cache = new Cache(new RedisCache({ location, options: { timeout: 8, ...options } }))
    ending.push(() => cache.close())
    return cache
  }

  /** The server's response to a command. */
  async function send(server: OwnServer, ...command: string[]): Promise<string> {
    const client = await createClient({ url: `redis://${server.address}` }).connect()
    try {
      return `${await client.sendCommand<string | number>(command)}`
    } finally {
      client.destroy()
    }
  }

  /** How often the server has run each command. */
  async function commands(server: OwnServer): Promise<Record<string, number>> {
    const text = await send(server, 'INFO', 'commandstats')
    return Object.fromEntries(
      [...text.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map((found) => [found[1], Number(found[2])]),
    )
  }

  it('sends one command for each operation, and one for many keys', async () => {
    const server = await started()
    const cache = opened(`redis://${server.address}`)
    await cache.get('key')
    const before = await commands(server)
    await cache.getMany(Object.keys(EVERYTHING))
    await cache.add('key', 1)
    await cache.gets('key')
    await cache.deleteMany(Object.keys(EVERYTHING))
    const after = await commands(server)
    const sent = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0)
    expect({ mget: sent('mget'), set: sent('set'), get: sent('get'), del: sent('del') }).to.deep.equal({
      mget: 1,
      set: 1,
      get: 1,
      del: 1,
    })
  })

  it('batches concurrent reads with tokens, and concurrent comparisons, into one command', async () => {
    const server = await started()
    const cache = opened(`redis://${server.address}`)
    await cache.setMany(EVERYTHING)
    const before = await commands(server)
    const keys = Object.keys(EVERYTHING)
    const seen = await Promise.all(keys.map((key) => cache.gets(key)))
    expect(seen.map((each) => each?.value)).to.deep.equal(Object.values(EVERYTHING))
    await Promise.all([cache.set('key1', 'of another'), cache.delete('key2'), send(server, 'PERSIST', ':1:key3')])
    const results = await Promise.all(
      keys.map((key, i) => cache.cas(key, { i }, seen[i]?.token ?? '', i === 3 ? null : 100)),
    )
    expect(results.slice(0, 4)).to.deep.equal(['stored', 'changed', 'missing', 'stored'])
    expect(new Set(results.slice(4))).to.deep.equal(new Set(['stored']))
    const after = await commands(server)
    const sent = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0)
    // Without fast paths, each one is a separate command.
    expect(sent('mget')).to.equal(fastPaths ? 1 : 0)
    expect(sent('eval')).to.equal(fastPaths ? 1 : keys.length)
    expect(await cache.getMany(['key0', 'key1', 'key3'])).to.deep.equal({
      key0: { i: 0 },
      key1: 'of another',
      key3: { i: 3 },
    })
    expect(Number(await send(server, 'PTTL', ':1:key0'))).to.be.within(90_000, 100_000)
    expect(await send(server, 'PTTL', ':1:key3')).to.equal('-1')
  })

  it('fails only the comparison that Redis refuses, not its batch', async () => {
    const server = await started()
    const cache = opened(`redis://${server.address}`)
    await cache.setMany({ a: 'old', c: 'old' })
    await send(server, 'LPUSH', ':1:b', 'a list of somebody’s')
    const token = (await cache.gets('a'))?.token ?? ''
    const settled = await Promise.allSettled(['a', 'b', 'c'].map((key) => cache.cas(key, 'new', token)))
    expect(settled.map((each) => (each.status === 'fulfilled' ? each.value : 'refused'))).to.deep.equal([
      'stored',
      'refused',
      'stored',
    ])
    expect(await cache.getMany(['a', 'c'])).to.deep.equal({ a: 'new', c: 'new' })
  })

  it('stores the time to live in milliseconds, and none without expiry', async () => {
    const server = await started()
    const cache = opened(`redis://${server.address}`)
    await cache.set('key', 1, 100.5)
    await cache.set('ever', 1, null)
    expect(Number(await send(server, 'PTTL', ':1:key'))).to.be.within(95_000, 100_500)
    expect(await send(server, 'PTTL', ':1:ever')).to.equal('-1')
    expect(await send(server, 'GET', ':1:key')).to.equal('1')
  })

  it('takes the database number from the URL or from OPTIONS', async () => {
    const { address } = await started()
    await opened(`redis://${address}/3`).set('key', 'three')
    expect(await opened(`redis://${address}`).get('key')).to.equal(undefined)
    for (const same of [opened(`redis://${address}?db=3`), opened(`redis://${address}`, { db: 3 })]) {
      expect(await same.get('key')).to.equal('three')
    }
  })

  it('connects through a Unix socket', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nuages-redis-'))
    ending.push(() => rmSync(folder, { recursive: true }))
    const socket = path.join(folder, 'redis.sock')
    await started('--unixsocket', socket)
    await exercise(opened(`unix://${socket}`))
  })

  it('writes to the first server and reads from the others', async () => {
    const master = await started('--repl-diskless-sync-delay', '0')
    const replica = await started('--replicaof', '127.0.0.1', String(master.port))
    const cache = opened([`redis://${master.address}`, `redis://${replica.address}`])
    await cache.set('key', 1)
    await until('the replica has it', async () => (await cache.get('key')) === 1)
    const before = await commands(master)
    for (let i = 0; i < 5; i++) await cache.get('key')
    expect((await commands(master)).get ?? 0).to.equal(before.get ?? 0)
    // A token must come from the primary server, which alone has the latest state.
    await cache.set('key', 2)
    const seen = await cache.gets('key')
    expect(await cache.cas('key', 3, seen?.token ?? '')).to.equal('stored')
    const error = await rejection(opened(`redis://${replica.address}`).set('key', 1))
    expect(error.message).to.contain('READONLY')
  })

  it('uses TLS with a rediss URL, and trusts only the configured certificates', async function () {
    const folder = mkdtempSync(path.join(tmpdir(), 'nuages-tls-'))
    ending.push(() => rmSync(folder, { recursive: true }))
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
    try {
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
        { stdio: 'ignore' },
      )
    } catch {
      skipTest(this, 'openssl, which makes the certificate, is not installed.')
    }
    const port = String(await freePort())
    const files = [
      '--tls-cert-file',
      cert,
      '--tls-key-file',
      key,
      '--tls-ca-cert-file',
      cert,
      '--tls-auth-clients',
      'no',
    ]
    await started('--tls-port', port, ...files)
    const location = `rediss://127.0.0.1:${port}`
    await exercise(opened(location, { socket: { ca: readFileSync(cert) } }))
    expect((await rejection(opened(location).get('key'))).message).to.contain('self-signed')
  })

  it('finds the primary through Sentinel', async () => {
    const master = await started()
    const folder = mkdtempSync(path.join(tmpdir(), 'nuages-sentinel-'))
    ending.push(() => rmSync(folder, { recursive: true }))
    const { port } = await OwnServer.redis()
    const file = path.join(folder, 'sentinel.conf')
    writeFileSync(
      file,
      `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor shop 127.0.0.1 ${master.port} 1\n`,
    )
    const sentinel = new OwnServer(port, ['redis-server', file, '--sentinel'])
    ending.push(() => sentinel.kill())
    await sentinel.start()
    const root = [{ host: '127.0.0.1', port }]
    await exercise(opened('', { sentinel: { name: 'shop', sentinelRootNodes: root } }))
  })

  it('distributes its keys over a Cluster', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nuages-cluster-'))
    ending.push(() => rmSync(folder, { recursive: true }))
    const clustered = (name: string) =>
      started(
        '--cluster-enabled',
        'yes',
        '--cluster-config-file',
        path.join(folder, name),
        '--cluster-node-timeout',
        '2000',
      )
    const [one, two] = [await clustered('one'), await clustered('two')]
    await send(one, 'CLUSTER', 'ADDSLOTSRANGE', '0', '8000')
    await send(two, 'CLUSTER', 'ADDSLOTSRANGE', '8001', '16383')
    await send(two, 'CLUSTER', 'SET-CONFIG-EPOCH', '2')
    await send(one, 'CLUSTER', 'MEET', '127.0.0.1', String(two.port))
    for (const server of [one, two]) {
      await until('the cluster is whole', async () =>
        (await send(server, 'CLUSTER', 'INFO')).includes('cluster_state:ok'),
      )
    }
    const rootNodes = [{ url: `redis://${one.address}` }]
    const cache = opened('', { cluster: { rootNodes } })
    await exercise(cache)
    await cache.setMany(EVERYTHING)
    for (const server of [one, two]) expect(Number(await send(server, 'DBSIZE'))).to.be.greaterThan(0)
  })
})
