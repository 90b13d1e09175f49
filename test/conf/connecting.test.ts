/** Every way to connect to a service, from a settings file, whose values are frozen. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { tmpdir } from 'node:os'
import { createClient } from '@redis/client'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { type Cache, cache, closeCaches } from '#core/cache'
import { mutableCopy, overrideSettings } from '#core/conf'
import { connection, connections } from '#core/db'
import { readSettingsModule, withEnvironment } from '../../core/conf/loader.ts'
import { memcachedServer, OwnServer, program, redisServer } from '../cache/servers.ts'
import { rejection, until } from '../cache/until.ts'
import { freePort } from '../management/processes.ts'
import { databases, requireService, type TestDatabase } from '../services.ts'

const all = await databases('connecting')
const [sqlite, postgresql, mysql] = all as [TestDatabase, TestDatabase, TestDatabase]

const REDIS = 'core.cache.backends.redis.RedisCache'
const MEMCACHED = 'core.cache.backends.memcached.PyMemcacheCache'

const openssl = program('openssl', 'version')
const pgbouncer = program('pgbouncer', '--version')

const ending: (() => Promise<unknown> | void)[] = []

async function started(server: OwnServer): Promise<OwnServer> {
  ending.push(() => server.kill())
  return server.start()
}

const startedRedis = async (...options: string[]): Promise<OwnServer> => started(await OwnServer.redis(...options))

/** A folder that servers of any user can read. */
function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'nuages-connecting-'))
  chmodSync(made, 0o777)
  ending.push(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** A key and a certificate of this machine. */
function certificate(): { readonly key: string; readonly cert: string } {
  const place = folder()
  const [key, cert] = [path.join(place, 'key.pem'), path.join(place, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-days', '2']
  const files = ['-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...subject], { stdio: 'ignore' })
  chmodSync(key, 0o644)
  return { key, cert }
}

async function told(server: OwnServer, ...command: string[]): Promise<string> {
  const client = await createClient({ url: `redis://${server.address}` }).connect()
  try {
    return String(await client.sendCommand<string | number>(command))
  } finally {
    client.destroy()
  }
}

/** Runs `body` with the settings of a file. @param text the source of its exports */
async function withFile(text: string, body: () => Promise<void>, env: Record<string, string> = {}): Promise<void> {
  const place = folder()
  writeFileSync(path.join(place, 'settings.ts'), text)
  const { values } = await readSettingsModule('settings', place)
  const settings = withEnvironment({ SECRET_KEY: 'fNo7d2mYc1t5Rk8PqWx3zB6vLs9gHjA4uEe0iTnMaCyDwUbGvK', ...values }, env)
  const { CACHES, DATABASES } = settings
  await overrideSettings({ CACHES, DATABASES }, async () => {
    try {
      await body()
    } finally {
      await closeCaches()
      await connections.close()
    }
  })
}

const cachesFile = (entry: object): string => `export const CACHES = { default: ${JSON.stringify(entry)} }\n`

/** The file has certificates as bytes, and functions. */
const ENTRY_WITH_CA = (location: string, ca: string, tls: string): string => `
import { readFileSync } from 'node:fs'
const tls = { ca: [readFileSync(${JSON.stringify(ca)})], checkServerIdentity: () => undefined }
export const CACHES = { default: { ${location}, OPTIONS: { timeout: 8, ${tls} } } }
`

async function exercise(with_: Cache = cache): Promise<void> {
  const keys = Array.from({ length: 400 }, (_, i) => `key${i}`)
  await Promise.all(keys.map((key, i) => with_.set(key, { i })))
  expect(await with_.getMany(keys)).to.deep.equal(Object.fromEntries(keys.map((key, i) => [key, { i }])))
  await with_.set('count', 1)
  await Promise.all(Array.from({ length: 20 }, () => with_.incr('count')))
  expect(await with_.get('count')).to.equal(21)
  const seen = await with_.gets('key7')
  expect(await with_.cas('key7', 'new', seen?.token ?? '')).to.equal('stored')
  // Another connection, with the same options.
  await with_.close()
  expect(await with_.get('key7')).to.equal('new')
  await with_.clear()
  expect(await with_.getMany(keys)).to.deep.equal({})
}

async function redisCluster(size: number): Promise<OwnServer[]> {
  const place = folder()
  const servers: OwnServer[] = []
  for (let i = 0; i < size; i++) {
    const file = path.join(place, `node${i}`)
    const options = ['--cluster-config-file', file, '--cluster-node-timeout', '2000']
    servers.push(await startedRedis('--cluster-enabled', 'yes', ...options))
  }
  const [first, ...others] = servers as [OwnServer, ...OwnServer[]]
  for (const [i, server] of servers.entries()) {
    const from = Math.floor((16_384 / size) * i)
    const to = Math.floor((16_384 / size) * (i + 1)) - 1
    await told(server, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to))
    await told(server, 'CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1))
  }
  for (const { port } of others) await told(first, 'CLUSTER', 'MEET', '127.0.0.1', String(port))
  for (const server of servers) {
    await until('the cluster is complete', async () => {
      const info = await told(server, 'CLUSTER', 'INFO')
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}`)
    })
  }
  return servers
}

describe('a settings file connects to', function () {
  this.timeout(40_000)
  before(() => setup())
  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
  })

  describe('Redis', () => {
    before(function () {
      requireService(redisServer, this)
    })

    it('on one server', async () => {
      const { address } = await startedRedis()
      await withFile(cachesFile({ BACKEND: REDIS, LOCATION: `redis://${address}/2`, OPTIONS: { timeout: 8 } }), () =>
        exercise(),
      )
    })

    it('on a server and its replica', async () => {
      const master = await startedRedis('--repl-diskless-sync-delay', '0')
      const replica = await startedRedis('--replicaof', '127.0.0.1', String(master.port))
      const LOCATION = [master, replica].map(({ address }) => `redis://${address}`)
      await withFile(cachesFile({ BACKEND: REDIS, LOCATION, OPTIONS: { timeout: 8 } }), async () => {
        await cache.set('key', 1)
        await until('the replica has it', async () => (await cache.get('key')) === 1)
      })
    })

    it('by CACHE_URL', async () => {
      const { address } = await startedRedis('--requirepass', 'a secret')
      await withFile('', () => exercise(), { CACHE_URL: `redis://:a%20secret@${address}/1` })
    })

    it('over a Unix socket', async () => {
      const socket = path.join(folder(), 'redis.sock')
      await startedRedis('--unixsocket', socket)
      await withFile(cachesFile({ BACKEND: REDIS, LOCATION: `unix://${socket}?db=1`, OPTIONS: { timeout: 8 } }), () =>
        exercise(),
      )
    })

    it('with TLS', async function () {
      requireService(openssl, this)
      const { key, cert } = certificate()
      const port = String(await freePort())
      const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert]
      await startedRedis('--tls-port', port, ...files, '--tls-auth-clients', 'no')
      const location = `BACKEND: '${REDIS}', LOCATION: 'rediss://127.0.0.1:${port}'`
      await withFile(ENTRY_WITH_CA(location, cert, 'socket: tls'), () => exercise())
    })

    it('as a Cluster of three', async () => {
      const servers = await redisCluster(3)
      const rootNodes = servers.map(({ address }) => ({ url: `redis://${address}` }))
      // With defaults, the client copies the options of a node itself.
      for (const others of [{}, { defaults: { socket: { connectTimeout: 2000 } } }]) {
        const cluster = { rootNodes, ...others }
        await withFile(cachesFile({ BACKEND: REDIS, OPTIONS: { timeout: 8, cluster } }), async () => {
          await exercise()
          await Promise.all(Array.from({ length: 400 }, (_, i) => cache.set(`key${i}`, i)))
          const sizes = await Promise.all(servers.map(async (server) => Number(await told(server, 'DBSIZE'))))
          expect(sizes.reduce((a, b) => a + b)).to.equal(400)
          for (const size of sizes) expect(size).to.be.greaterThan(50)
        })
      }
    })

    it('as a Sentinel group', async () => {
      const master = await startedRedis()
      const place = folder()
      const ports = [await freePort(), await freePort()]
      for (const port of ports) {
        const file = path.join(place, `sentinel${port}.conf`)
        const monitor = `sentinel monitor shop 127.0.0.1 ${master.port} 2`
        writeFileSync(file, `port ${port}\nbind 127.0.0.1\ndir ${place}\n${monitor}\n`)
        await started(new OwnServer(port, ['redis-server', file, '--sentinel']))
      }
      const sentinel = { name: 'shop', sentinelRootNodes: ports.map((port) => ({ host: '127.0.0.1', port })) }
      await withFile(cachesFile({ BACKEND: REDIS, OPTIONS: { timeout: 8, sentinel } }), () => exercise())
    })
  })

  describe('Memcached', () => {
    before(function () {
      requireService(memcachedServer, this)
    })

    it('on several servers', async () => {
      const servers = [await OwnServer.memcached(), await OwnServer.memcached(), await OwnServer.memcached()]
      for (const server of servers) await started(server)
      const LOCATION = servers.map(({ address }) => address)
      await withFile(cachesFile({ BACKEND: MEMCACHED, LOCATION, OPTIONS: { timeout: 8 } }), () => exercise())
      await withFile('', () => exercise(), { CACHE_URL: `memcached://${LOCATION.join(',')}` })
    })

    it('over a Unix socket', async () => {
      const socket = path.join(folder(), 'memcached.sock')
      // With a socket, memcached opens no port.
      const server = new OwnServer(0, ['memcached', '-u', 'root', '-s', socket, '-a', '0777'], socket)
      await started(server)
      await withFile(cachesFile({ BACKEND: MEMCACHED, LOCATION: `unix:${socket}`, OPTIONS: { timeout: 8 } }), () =>
        exercise(),
      )
    })

    it('with TLS', async function () {
      requireService(openssl, this)
      const { key, cert } = certificate()
      const server = await OwnServer.memcached('-Z', '-o', `ssl_chain_cert=${cert},ssl_key=${key}`)
      await started(server)
      const location = `BACKEND: '${MEMCACHED}', LOCATION: '${server.address}'`
      await withFile(ENTRY_WITH_CA(location, cert, 'tls'), () => exercise())
    })
  })

  /** Writes, reads, and rolls back, on more connections than one. */
  async function exerciseDatabase(): Promise<void> {
    await connection.schema.dropTableIfExists('things')
    await connection.schema.createTable('things', (table) => {
      table.integer('id').primary()
      table.string('name', 20)
    })
    await Promise.all(Array.from({ length: 50 }, (_, id) => connection('things').insert({ id, name: `é${id}` })))
    const failed = connection.transaction(async (trx) => {
      await trx('things').delete()
      throw new Error('undo')
    })
    expect(await failed.catch((error: Error) => error.message)).to.equal('undo')
    expect(await connection('things').where('name', 'é7').pluck('id')).to.deep.equal([7])
    expect(Number((await connection('things').count({ count: '*' }))[0]?.count)).to.equal(50)
  }

  const databasesFile = (entry: object): string => `export const DATABASES = { default: ${JSON.stringify(entry)} }\n`

  /** The URL of a database, with options. */
  function urlOf({ config }: TestDatabase, scheme: string, options: Record<string, string>): string {
    const { NAME = '', USER = '', PASSWORD = '', HOST = '', PORT = '' } = config
    const password = PASSWORD === '' ? '' : `:${encodeURIComponent(PASSWORD)}`
    return `${scheme}://${encodeURIComponent(USER)}${password}@${HOST}:${PORT}/${NAME}?${String(new URLSearchParams(options))}`
  }

  /** The first column of the first row. */
  async function valueOf(sql: string): Promise<unknown> {
    const found = (await connection.raw(sql)) as unknown
    const { rows = found } = found as { rows?: unknown }
    const first = (rows as object[])[0]
    return Object.values((Array.isArray(first) ? (first[0] as object) : first) ?? {})[0]
  }

  describe('SQLite', () => {
    const { NAME = '' } = sqlite.config
    const inUrl = `sqlite:///${NAME}`

    it('by DATABASES', () => withFile(databasesFile(sqlite.config), exerciseDatabase))

    it('by DATABASE_URL, with each option', async () => {
      await withFile('', exerciseDatabase, { DATABASE_URL: inUrl })
      const options = { timeout: '3', transaction_mode: 'DEFERRED', init_command: 'PRAGMA user_version = 7' }
      const DATABASE_URL = `${inUrl}?${String(new URLSearchParams(options))}`
      await withFile(
        '',
        async () => {
          await exerciseDatabase()
          expect(await valueOf('PRAGMA user_version')).to.equal(7)
        },
        { DATABASE_URL },
      )
      const read = async (): Promise<void> => {
        const error = await connection('things')
          .delete()
          .catch((each: Error & { code?: string }) => each)
        expect((error as { code?: string }).code).to.equal('SQLITE_READONLY')
      }
      await withFile('', read, { DATABASE_URL: `${inUrl}?readonly=true` })
    })
  })

  describe('PostgreSQL', () => {
    before(async function () {
      requireService(postgresql, this)
      await postgresql.create()
    })
    after(async () => {
      if (postgresql.available) await postgresql.drop()
    })

    it('by DATABASES', () => {
      const OPTIONS = { connect_timeout: 3, application_name: 'shop', pool: { max_size: 3 } }
      return withFile(databasesFile({ ...postgresql.config, CONN_MAX_AGE: 60, OPTIONS }), async () => {
        await exerciseDatabase()
        expect(await valueOf("SELECT current_setting('application_name') AS value")).to.equal('shop')
      })
    })

    it('by DATABASE_URL, with each option', async () => {
      const options = {
        connect_timeout: '3',
        prepare_threshold: '0',
        pool: '{"min_size": 1, "max_size": 2, "timeout": 4}',
        sslmode: 'prefer',
        application_name: 'shop',
        statement_timeout: '4000',
        options: '-c search_path=public,pg_temp -c lock_timeout=3s',
        keepAlive: 'true',
      }
      const shown = async (): Promise<void> => {
        await exerciseDatabase()
        const names = ['application_name', 'statement_timeout', 'search_path', 'lock_timeout']
        const values = await Promise.all(names.map((name) => valueOf(`SELECT current_setting('${name}') AS value`)))
        expect(values).to.deep.equal(['shop', '4s', 'public,pg_temp', '3s'])
        expect(connections.database().backend.preparing?.(connections.database().entry).threshold ?? 0).to.equal(0)
      }
      await withFile('', shown, { DATABASE_URL: urlOf(postgresql, 'postgres', options) })
      await withFile('', exerciseDatabase, {
        DATABASE_URL: urlOf(postgresql, 'postgresql', { prepare_threshold: 'null' }),
      })
    })

    describe('through PgBouncer', () => {
      before(function () {
        requireService(pgbouncer, this)
      })

      /** @param options further lines of its file */
      async function startedPooler(options: Record<string, string> = {}): Promise<{ port: number; sockets: string }> {
        const { config } = postgresql
        const place = folder()
        const port = await freePort()
        const password = config.PASSWORD ? ` password=${config.PASSWORD}` : ''
        const lines = Object.entries({
          listen_addr: '127.0.0.1',
          listen_port: String(port),
          auth_type: 'any',
          pool_mode: 'transaction',
          default_pool_size: '2',
          unix_socket_dir: place,
          ...options,
        }).map(([name, value]) => `${name} = ${value}`)
        const server = `host=${config.HOST} port=${config.PORT} user=${config.USER}${password}`
        const file = path.join(place, 'pgbouncer.ini')
        writeFileSync(file, ['[databases]', `* = ${server}`, '[pgbouncer]', ...lines, ''].join('\n'))
        // It does not run as root.
        const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
        await started(new OwnServer(port, ['pgbouncer', ...user, file]))
        return { port, sockets: place }
      }

      it('in transaction mode, with statements prepared and not', async () => {
        const { port } = await startedPooler()
        for (const prepare_threshold of [0, null, undefined]) {
          const entry = { ...postgresql.config, HOST: '127.0.0.1', PORT: port, OPTIONS: { prepare_threshold } }
          await withFile(databasesFile(entry), exerciseDatabase)
        }
      })

      it('by the directory of its socket', async () => {
        const { port, sockets } = await startedPooler()
        await withFile(databasesFile({ ...postgresql.config, HOST: sockets, PORT: port }), exerciseDatabase)
        const { NAME = '', USER = '' } = postgresql.config
        const DATABASE_URL = `postgres://${USER}@${encodeURIComponent(sockets)}:${port}/${NAME}`
        await withFile('', exerciseDatabase, { DATABASE_URL })
      })

      it('with TLS, by each sslmode and by the options of the driver', async function () {
        requireService(openssl, this)
        const { key, cert } = certificate()
        const { port } = await startedPooler({
          client_tls_sslmode: 'require',
          client_tls_key_file: key,
          client_tls_cert_file: cert,
          client_tls_ca_file: cert,
        })
        const there = { ...postgresql.config, HOST: '127.0.0.1', PORT: port }
        for (const sslmode of ['require', 'verify-ca', 'verify-full']) {
          const OPTIONS = { sslmode, ...(sslmode !== 'require' && { sslrootcert: cert }) }
          await withFile(databasesFile({ ...there, OPTIONS }), exerciseDatabase)
          const DATABASE_URL = urlOf({ ...postgresql, config: there }, 'postgres', OPTIONS)
          await withFile('', exerciseDatabase, { DATABASE_URL })
        }
        // The driver hides the key, which changes the object that it gets.
        const texts = {
          ca: readFileSync(cert, 'utf8'),
          cert: readFileSync(cert, 'utf8'),
          key: readFileSync(key, 'utf8'),
        }
        await withFile(databasesFile({ ...there, OPTIONS: { ssl: texts } }), exerciseDatabase)
        const unverified = databasesFile({ ...there, OPTIONS: { sslmode: 'verify-full' } })
        await withFile(unverified, async () => {
          const error = await rejection(Promise.resolve(connection.raw('SELECT 1')))
          expect(error.message).to.contain('self-signed')
        })
      })
    })
  })

  describe('MySQL', () => {
    before(async function () {
      requireService(mysql, this)
      await mysql.create()
    })
    after(async () => {
      if (mysql.available) await mysql.drop()
    })

    it('by DATABASES', () =>
      withFile(databasesFile({ ...mysql.config, OPTIONS: { ssl: undefined } }), exerciseDatabase))

    it('by DATABASE_URL, with each option', async () => {
      const options = {
        charset: 'utf8mb4',
        connect_timeout: '3',
        init_command: "SET @shop = 'ours'",
        isolation_level: 'serializable',
        sql_mode: 'ANSI_QUOTES,STRICT_ALL_TABLES',
        pool: '{"max_size": 1}',
        multipleStatements: 'false',
      }
      const shown = async (): Promise<void> => {
        await exerciseDatabase()
        expect(await valueOf('SELECT @shop')).to.equal('ours')
        expect(await valueOf('SELECT @@sql_mode'))
          .to.contain('ANSI_QUOTES')
          .and.contain('STRICT_ALL_TABLES')
        const error = await rejection(Promise.resolve(connection.raw('SELECT 1; SELECT 2')))
        expect((error as { code?: string }).code).to.equal('ER_PARSE_ERROR')
      }
      await withFile('', shown, { DATABASE_URL: urlOf(mysql, 'mysql', options) })
      await withFile('', exerciseDatabase, { DATABASE_URL: urlOf(mysql, 'mariadb', {}) })
    })
  })

  it('the addresses that DATABASE_URL gives', () => {
    expect(
      mutableCopy(withEnvironment({ SECRET_KEY: 'x'.repeat(50) }, { DATABASE_URL: 'postgres://a@[::1]:6432/b' }))
        .DATABASES.default,
    ).to.include({ HOST: '::1', PORT: '6432', NAME: 'b' })
  })
})
