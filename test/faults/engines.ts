/** The session engines under test, each with servers of its own behind proxies. */
import path from 'node:path'
import type { Settings } from '#core/conf'
import type { Promises } from './book.ts'
import { Disk } from './disk.ts'
import { FaultyProxy } from './proxy.ts'
import { onMariadb, onPostgresql, type ServerName, StoreServer } from './servers.ts'
import { Site } from './site.ts'

/** A server with the proxy through which the site reaches it. */
export interface Store {
  readonly server: StoreServer
  readonly proxy: FaultyProxy
}

export interface EngineKind {
  readonly engine: string
  /** The names of its stores, for the table. */
  readonly stores: readonly string[]
  readonly servers: readonly ServerName[]
  readonly promises: Promises
  /** @param port of the proxy of a server */
  settings(port: (server: ServerName) => number, disk: Disk): Settings
}

const DATABASE = 'faults'
const ALL: Promises = { ends: true, concurrent: true }

const onServer = (engine: string, port: number, user: string) => ({
  DATABASES: {
    default: { ENGINE: `core.db.backends.${engine}`, NAME: DATABASE, HOST: '127.0.0.1', PORT: port, USER: user },
  },
})
const onCache = (backend: string, location: string) => ({
  CACHES: { default: { BACKEND: `core.cache.backends.${backend}`, LOCATION: location } },
})

export const ENGINES: readonly EngineKind[] = [
  {
    engine: 'db',
    stores: ['sqlite'],
    servers: [],
    promises: ALL,
    settings: (_port, disk) => ({
      DATABASES: { default: { ENGINE: 'core.db.backends.sqlite3', NAME: sqliteFile(disk) } },
    }),
  },
  {
    engine: 'db',
    stores: ['postgresql'],
    servers: ['postgresql'],
    promises: ALL,
    settings: (port) => onServer('postgresql', port('postgresql'), 'postgres'),
  },
  {
    engine: 'db',
    stores: ['mariadb'],
    servers: ['mariadb'],
    promises: ALL,
    settings: (port) => onServer('mysql', port('mariadb'), 'site'),
  },
  {
    engine: 'cache',
    stores: ['redis'],
    servers: ['redis'],
    promises: ALL,
    settings: (port) => onCache('redis.RedisCache', `redis://127.0.0.1:${port('redis')}/0`),
  },
  {
    engine: 'cache',
    stores: ['memcached'],
    servers: ['memcached'],
    promises: ALL,
    settings: (port) => onCache('memcached.PyMemcacheCache', `127.0.0.1:${port('memcached')}`),
  },
  {
    engine: 'cached_db',
    stores: ['postgresql', 'redis'],
    servers: ['postgresql', 'redis'],
    promises: ALL,
    settings: (port) => ({
      ...onServer('postgresql', port('postgresql'), 'postgres'),
      ...onCache('redis.RedisCache', `redis://127.0.0.1:${port('redis')}/0`),
    }),
  },
  {
    engine: 'file',
    stores: ['disk'],
    servers: [],
    promises: ALL,
    settings: (_port, disk) => ({ SESSION_FILE_PATH: disk.path }),
  },
  {
    engine: 'signed_cookies',
    stores: ['cookie'],
    servers: [],
    promises: { ends: false, concurrent: false },
    settings: () => ({}),
  },
]

export const sqliteFile = (disk: Disk): string => path.join(disk.path, 'db.sqlite3')

/** Why the servers of an engine cannot be started on this machine; '' if they can. */
export const reasonAgainst = ({ servers }: EngineKind): string =>
  servers.map((name) => StoreServer.reasonAgainst(name)).find((reason) => reason !== '') ?? ''

async function prepare({ name, port }: StoreServer): Promise<void> {
  if (name === 'postgresql') await (await onPostgresql(port, 'postgres', `CREATE DATABASE ${DATABASE}`)).end()
  if (name !== 'mariadb') return
  // A user without the right to write to a server that is read-only.
  const user = "site@'127.0.0.1'"
  const client = await onMariadb(port, `CREATE DATABASE ${DATABASE}`, `CREATE USER ${user}`)
  await client.query(`GRANT ALL ON ${DATABASE}.* TO ${user}`)
  await client.end()
}

/** An engine that runs: its servers, and a site with two workers. */
export class Engine {
  readonly kind: EngineKind
  readonly stores: ReadonlyMap<ServerName, Store>
  /** Where the engine keeps files. */
  readonly disk: Disk
  readonly site: Site

  private constructor(kind: EngineKind, stores: ReadonlyMap<ServerName, Store>, disk: Disk, site: Site) {
    this.kind = kind
    this.stores = stores
    this.disk = disk
    this.site = site
  }

  static async start(kind: EngineKind): Promise<Engine> {
    const stores = new Map<ServerName, Store>()
    for (const name of kind.servers) {
      const server = await StoreServer.start(name)
      await prepare(server)
      stores.set(name, { server, proxy: await FaultyProxy.start(server.port) })
    }
    const disk = new Disk(`site-${kind.engine}-${kind.stores.join('-')}`, 8)
    const settings = {
      SESSION_ENGINE: `core.contrib.sessions.backends.${kind.engine}`,
      ...kind.settings((server) => stores.get(server)?.proxy.port as number, disk),
    }
    return new Engine(kind, stores, disk, await Site.start(2, settings, `${disk.path}.log`))
  }

  store(name: ServerName): Store {
    return this.stores.get(name) as Store
  }

  get kills(): number {
    return [...this.stores.values()].reduce((sum, { server }) => sum + server.kills, this.site.kills)
  }

  async stop(): Promise<void> {
    await this.site.stop()
    for (const { server, proxy } of this.stores.values()) {
      await proxy.close()
      // An end that is no fault.
      await server.stop()
      server.disk.remove()
    }
    this.disk.remove()
  }
}
