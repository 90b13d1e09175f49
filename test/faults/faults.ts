/** The faults of each engine: how each begins and how it is cleared. */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import type { Client } from './book.ts'
import { run } from './disk.ts'
import { type Engine, type EngineKind, sqliteFile, type Store } from './engines.ts'
import { MODES } from './proxy.ts'
import { kill, onMariadb, onPostgresql, sendLine, type ServerName, startChild } from './servers.ts'

/** What a fault acts on. */
export interface Scene {
  readonly engine: Engine
  /** A client that keeps its session key during the fault. */
  readonly steady: Client
}

/** May return a promise. */
export type Clear = () => unknown

export interface Fault {
  /** The store that is disturbed; those of the engine if it is the site. */
  readonly store: string
  readonly name: string
  /** Begins the fault. @returns what clears it */
  begin(scene: Scene): Promise<Clear> | Clear
  /** Whether it is part of the short run. */
  readonly isShort?: boolean
  /** Whether it is a kill, which is repeated. */
  readonly isKill?: boolean
  /** Whether it needs a file system of its own. */
  readonly needsDisk?: boolean
  /** What the store does not promise in this fault: losses are not counted. */
  readonly note?: string
  /** Whether only `steady` is concerned, and the others must not be delayed. */
  readonly isOneSession?: boolean
}

/** The faults of the short run, by the names of their stores. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  sqlite: ['lock', 'kill-site'],
  postgresql: ['drop', 'fin', 'row-lock', 'kill'],
  mariadb: ['fin', 'kill'],
  redis: ['drop', 'garbage', 'kill'],
  memcached: ['reset', 'suspend'],
  disk: ['lock-left', 'full'],
  cookie: ['kill-site', 'clock-back'],
}

const HOUR_MS = 3_600_000

function killSite(store: string): Fault {
  return {
    store,
    name: 'kill-site',
    isKill: true,
    async begin({ engine: { site } }) {
      const port = site.ports[Math.floor(Math.random() * site.ports.length)] as number
      await site.killWorker(port)
      return () => site.startWorker(port)
    },
  }
}

/** The clock is set and stays, as after a correction of the machine's time; it is set right when the fault is cleared. */
function clock(store: string, name: string, ahead: number): Fault {
  return {
    store,
    name,
    begin({ engine: { site } }) {
      site.setClock(ahead)
      return () => site.setClock(0)
    },
  }
}

/** What may happen to any server. */
function serverFaults(name: ServerName): Fault[] {
  const on = (fault: string, begin: (store: Store) => Promise<Clear> | Clear, more: Partial<Fault> = {}): Fault => ({
    store: name,
    name: fault,
    begin: ({ engine }) => begin(engine.store(name)),
    ...more,
  })
  const modes = MODES.filter((mode) => mode !== 'pass').map((mode) =>
    on(mode, ({ proxy }) => {
      proxy.mode = mode
      return () => (proxy.mode = 'pass')
    }),
  )
  const forgetful = name === 'memcached' ? { note: 'Memcached keeps nothing when it is killed' } : {}
  const killServer = async ({ server }: Store): Promise<Clear> => {
    await server.kill()
    return () => server.restart()
  }
  const suspend = ({ server }: Store): Clear => {
    server.suspend()
    return () => server.resume()
  }
  return [...modes, on('suspend', suspend), on('kill', killServer, { isKill: true, ...forgetful }), ...OWN[name](on)]
}

type On = (fault: string, begin: (store: Store) => Promise<Clear> | Clear, more?: Partial<Fault>) => Fault

/** The disk is full. A server that gave up is started again when there is space, as a supervisor would do. */
const fullDisk = ({ server }: Store): Clear => {
  server.disk.fill()
  return async () => {
    server.disk.empty()
    await server.restart()
  }
}

/** Locks the row of the client that keeps its key. */
const rowLock = (name: 'postgresql' | 'mariadb'): Fault => ({
  store: name,
  name: 'row-lock',
  isOneSession: true,
  async begin({ engine, steady }) {
    const { port } = engine.store(name).server
    const lock = `SELECT 1 FROM django_session WHERE session_key = '${steady.cookie}' FOR UPDATE`
    if (name === 'mariadb') {
      const client = await onMariadb(port, 'USE faults', 'BEGIN', lock)
      return () => client.end()
    }
    const client = await onPostgresql(port, 'faults', 'BEGIN', lock)
    return () => client.end()
  },
})

/** What may happen to one kind of server only. */
const OWN: Record<ServerName, (on: On) => Fault[]> = {
  postgresql: (on) => [
    on('full', fullDisk, { needsDisk: true }),
    on('read-only', async ({ server: { port } }) => {
      const set = async (value: string) => {
        const statement = `ALTER SYSTEM SET default_transaction_read_only = ${value}`
        await (await onPostgresql(port, 'postgres', statement, 'SELECT pg_reload_conf()')).end()
      }
      await set('on')
      return () => set('off')
    }),
    rowLock('postgresql'),
  ],
  mariadb: (on) => [
    on('full', fullDisk, { needsDisk: true }),
    on('read-only', async ({ server: { port } }) => {
      const set = async (value: number) => (await onMariadb(port, `SET GLOBAL read_only = ${value}`)).end()
      await set(1)
      return () => set(0)
    }),
    rowLock('mariadb'),
  ],
  redis: (on) => [
    on('full', fullDisk, { needsDisk: true }),
    // Becomes the replica of a server that does not exist, and keeps its data.
    on('read-only', async ({ server: { port } }) => {
      await sendLine(port, 'REPLICAOF 127.0.0.1 1')
      return () => sendLine(port, 'REPLICAOF NO ONE')
    }),
  ],
  memcached: () => [],
}

/** A file system that is read-only. Workers hold files open for writing, so each is started again. */
const readOnlyDisk = (store: string): Fault => ({
  store,
  name: 'read-only',
  needsDisk: true,
  async begin({ engine: { site, disk } }) {
    await Promise.all(site.ports.map((port) => site.killWorker(port)))
    disk.makeReadOnly()
    await Promise.all(site.ports.map((port) => site.startWorker(port)))
    return () => disk.makeWritable()
  },
})

const fullOwnDisk = (store: string): Fault => ({
  store,
  name: 'full',
  needsDisk: true,
  begin({ engine: { disk } }) {
    disk.fill()
    return () => disk.empty()
  },
})

const SQLITE: readonly Fault[] = [
  {
    store: 'sqlite',
    name: 'lock',
    begin({ engine: { disk } }) {
      const other = new BetterSqlite3(sqliteFile(disk), { timeout: 5000 })
      other.exec('BEGIN EXCLUSIVE')
      return () => other.close()
    },
  },
  fullOwnDisk('sqlite'),
  readOnlyDisk('sqlite'),
]

/** Another process, which holds the lock of a session's file and is suspended in the middle of its work. */
async function lockHolder({ engine: { disk }, steady }: Scene): Promise<ChildProcess> {
  const code = `
    import { FileLock } from '#core/utils'
    await new FileLock(process.env.FILE).run(() => {
      process.send('locked')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)
    })`
  const command = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', code]
  const file = path.join(disk.path, `sessionid${steady.cookie}`)
  const child = startChild(command, `${disk.path}.log`, { env: { FILE: file } })
  await once(child, 'message', { signal: AbortSignal.timeout(15_000) })
  return child
}

const FILES: readonly Fault[] = [
  {
    store: 'disk',
    name: 'lock',
    isOneSession: true,
    async begin(scene) {
      const holder = await lockHolder(scene)
      return () => kill(holder)
    },
  },
  {
    store: 'disk',
    name: 'lock-left',
    isOneSession: true,
    async begin(scene) {
      await kill(await lockHolder(scene))
      return () => {}
    },
  },
  {
    store: 'disk',
    name: 'lock-clock',
    isOneSession: true,
    async begin(scene) {
      const { site } = scene.engine
      await kill(await lockHolder(scene))
      site.setClock(-45_000)
      return () => {}
    },
  },
  fullOwnDisk('disk'),
  readOnlyDisk('disk'),
  {
    store: 'disk',
    name: 'unmounted',
    needsDisk: true,
    begin({ engine: { disk } }) {
      const empty = `${disk.path}-empty`
      if (!readdirSync(path.dirname(empty)).includes(path.basename(empty))) mkdirSync(empty)
      run('mount', '--bind', empty, disk.path)
      return () => spawnSync('umount', [disk.path])
    },
  },
]

/** All faults of an engine, in the order in which they are run. */
export function faultsOf({ engine, stores, servers }: EngineKind): Fault[] {
  const all = stores.join('+')
  const own = engine === 'file' ? FILES : stores.includes('sqlite') ? SQLITE : []
  const faults = [
    ...servers.flatMap(serverFaults),
    ...own,
    killSite(all),
    clock(all, 'clock-back', -HOUR_MS),
    clock(all, 'clock-ahead', HOUR_MS),
  ]
  return faults.map((fault) => ({ ...fault, isShort: SHORT[fault.store]?.includes(fault.name) ?? false }))
}
