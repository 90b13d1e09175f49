/** The session stores. Each measurement has its own store, which is empty at the start and removed at the end. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Settings } from '../core/conf/index.ts'
import type { DatabaseSettings, Vendor } from '../core/db/index.ts'
import { databases } from '../test/services.ts'
import { children, cores, hasEnded, isInstalled, pinned, tailOf } from './processes.ts'

/** A store or server is not available on this machine. */
export class Unavailable extends Error {}

export interface Store {
  /** Settings for Nuages. */
  readonly settings: Settings
  /** The location for other servers: a file, a directory, a URL or database settings as JSON. */
  readonly location: string
  close(): Promise<void>
}

const engine = (name: string): string => `core.contrib.sessions.backends.${name}`
const nothing = async (): Promise<void> => {}

const folders = new Map<string, string>()

/** A temporary directory of this process in a parent directory. It is removed when the process ends. */
function folderIn(parent: string): string {
  const known = folders.get(parent)
  if (known !== undefined) return known
  const made = mkdtempSync(path.join(parent, 'nuages-bench-'))
  process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  folders.set(parent, made)
  return made
}

/** The directory of all files of a run, except those that must be on another file system. */
export const folder = folderIn(tmpdir())

function newFolder(parent = folder): { location: string; close: () => Promise<void> } {
  const location = mkdtempSync(path.join(parent, 'store-'))
  return { location, close: async () => rmSync(location, { recursive: true, force: true }) }
}

const database = (config: DatabaseSettings): Settings => ({ DATABASES: { default: config } })

async function sqlite(): Promise<Store> {
  const { location, close } = newFolder()
  const file = path.join(location, 'db.sqlite3')
  const config = { ENGINE: 'core.db.backends.sqlite3', NAME: file }
  return { settings: { ...database(config), SESSION_ENGINE: engine('db') }, location: file, close }
}

async function databaseServer(vendor: Vendor): Promise<Store> {
  const found = (await databases('bench')).find((each) => each.vendor === vendor)
  if (found === undefined || !found.available) throw new Unavailable(found?.reason ?? `There is no ${vendor}.`)
  await found.create()
  return {
    settings: { ...database(found.config), SESSION_ENGINE: engine('db') },
    location: JSON.stringify(found.config),
    close: () => found.drop(),
  }
}

/** More entries than a run can create: a cache that drops a session would lose its count. */
const CAPACITY = { MAX_ENTRIES: 10_000_000 }

const cache = (entry: { BACKEND: string; LOCATION?: string; OPTIONS?: Record<string, unknown> }): Settings => ({
  CACHES: { default: entry },
  SESSION_ENGINE: engine('cache'),
})

const locmem = { BACKEND: 'core.cache.backends.locmem.LocMemCache', OPTIONS: CAPACITY }

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

const answersAt = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

/** Starts a separate server on the load generator's core, so that no existing data is affected. */
async function ownServer(
  command: string,
  args: (port: number) => string[],
): Promise<{ port: number; stop: () => Promise<void> }> {
  if (!isInstalled(command)) throw new Unavailable(`${command} is not installed.`)
  const port = await freePort()
  const child = children.start(pinned(cores.load, command, ...args(port)), {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = tailOf(child.stdout)
  const errors = tailOf(child.stderr)
  for (let attempt = 0; attempt < 100 && !hasEnded(child); attempt++) {
    if (await answersAt(port)) return { port, stop: () => children.stop(child) }
    await pause(50)
  }
  await children.stop(child)
  throw new Unavailable(`${command} does not start. ${errors() || output()}`)
}

async function redis(): Promise<Store> {
  const quiet = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const { port, stop } = await ownServer('redis-server', (port) => ['--port', String(port), ...quiet])
  const location = `redis://127.0.0.1:${port}/0`
  return {
    settings: cache({ BACKEND: 'core.cache.backends.redis.RedisCache', LOCATION: location }),
    location,
    close: stop,
  }
}

async function memcached(): Promise<Store> {
  const asRoot = process.getuid?.() === 0 ? ['-u', 'root'] : []
  const options = ['-l', '127.0.0.1', '-U', '0', '-m', '512', ...asRoot]
  const { port, stop } = await ownServer('memcached', (port) => ['-p', String(port), ...options])
  const location = `127.0.0.1:${port}`
  const BACKEND = 'core.cache.backends.memcached.PyMemcacheCache'
  return { settings: cache({ BACKEND, LOCATION: location }), location, close: stop }
}

async function cachedDb(): Promise<Store> {
  const { settings, ...store } = await sqlite()
  return { ...store, settings: { ...settings, CACHES: { default: locmem }, SESSION_ENGINE: engine('cached_db') } }
}

/** The file system type of tmpfs in Linux' statfs. */
const TMPFS = 0x01021994

const isInMemory = (folder: string): boolean => existsSync(folder) && statfsSync(folder).type === TMPFS

async function filesBelow(parent: string): Promise<Store> {
  const { location, close } = newFolder(parent)
  return { settings: { SESSION_FILE_PATH: location, SESSION_ENGINE: engine('file') }, location, close }
}

/** If the temporary directory is in memory, uses the repository's directory, which is usually on a disk. */
async function filesOnDisk(): Promise<Store> {
  if (!isInMemory(folder)) return filesBelow(folder)
  const parent = path.join(import.meta.dirname, '..', '.nuages')
  mkdirSync(parent, { recursive: true })
  if (isInMemory(parent)) throw new Unavailable(`${tmpdir()} and ${parent} are both in memory.`)
  return filesBelow(folderIn(parent))
}

async function filesInMemory(): Promise<Store> {
  if (!isInMemory('/dev/shm')) throw new Unavailable('There is no tmpfs at /dev/shm.')
  return filesBelow(folderIn('/dev/shm'))
}

const STORES = {
  'db-sqlite': sqlite,
  'db-postgresql': () => databaseServer('postgresql'),
  'db-mysql': () => databaseServer('mysql'),
  'cache-locmem': async () => ({ settings: cache(locmem), location: '', close: nothing }),
  'cache-redis': redis,
  'cache-memcached': memcached,
  cached_db: cachedDb,
  file: filesOnDisk,
  'file-tmpfs': filesInMemory,
  signed_cookies: async () => ({
    settings: { SESSION_ENGINE: engine('signed_cookies') },
    location: '',
    close: nothing,
  }),
  /** For peers: their own in-process store. */
  memory: async () => ({ settings: {}, location: '', close: nothing }),
} as const satisfies Record<string, () => Promise<Store>>

export type StoreName = keyof typeof STORES

/** @throws Unavailable if the required service is not available */
export async function openStore(name: StoreName | undefined): Promise<Store> {
  return name === undefined ? { settings: {}, location: '', close: nothing } : STORES[name]()
}
