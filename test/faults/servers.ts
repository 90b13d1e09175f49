/** PostgreSQL, MariaDB, Redis and Memcached of this run's own, on free ports and small disks, to be killed and suspended. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'node:net'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { freePort } from '../management/processes.ts'
import { Disk, removeAll, run } from './disk.ts'

export type ServerName = 'postgresql' | 'mariadb' | 'redis' | 'memcached'

/** How long a server may take to start, also after a crash, in milliseconds. */
const START_MS = 30_000

const isRoot = process.getuid?.() === 0
const alive = new Set<ChildProcess>()

export interface ChildOptions {
  /** Who runs it, if this process is root. */
  readonly user?: string | undefined
  /** Further environment variables, for a program of Node that exchanges messages with this process. */
  readonly env?: NodeJS.ProcessEnv
}

/** A child process that does not outlive this one, not even if this one is killed. */
export function startChild(command: readonly string[], log: string, options: ChildOptions = {}): ChildProcess {
  const { user, env } = options
  const as = user === undefined || !isRoot ? [] : ['--reuid', user, '--regid', user, '--init-groups']
  const output = openSync(log, 'a')
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...as, ...command], {
    stdio: ['ignore', output, output, ...(env === undefined ? [] : ['ipc' as const])],
    env: { ...process.env, ...env },
  })
  closeSync(output)
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  return child
}

/** Kills and resolves when the process has ended. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

/** Ends every process and removes every folder of this run. Synchronous, for `process.on('exit')`. */
export function endEverything(): void {
  for (const child of alive) child.kill('SIGKILL')
  removeAll()
}

/** Waits until `works` no longer throws. @throws its last error */
export async function until(works: () => Promise<unknown>, limit = START_MS): Promise<void> {
  const end = performance.now() + limit
  for (;;) {
    try {
      await works()
      return
    } catch (error) {
      if (performance.now() > end) throw error
      await pause(20)
    }
  }
}

/** A process and its descendants. */
function family(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
  const children = stdout.split('\n').filter(Boolean).map(Number)
  return [pid, ...children.flatMap(family)]
}

const words = (text: string): string[] => text.split(' ')

interface Kind {
  readonly title: string
  readonly program: string
  readonly megabytes: number
  readonly user?: string
  /** Prepares an empty folder. */
  readonly install?: (folder: string) => void
  command(program: string, folder: string, port: number): string[]
  /** Rejects until the server responds. */
  greet(port: number): Promise<unknown>
}

/** Sends a line and resolves with the first packet of the response. */
export function sendLine(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${line}\r\n`))
    const end = (act: () => void) => {
      socket.destroy()
      act()
    }
    socket.setTimeout(2000, () => end(() => reject(new Error('no response'))))
    socket.once('error', (error) => end(() => reject(error)))
    socket.once('close', () => reject(new Error('the connection was closed')))
    socket.once('data', (data) => end(() => resolve(String(data))))
  })
}

async function expectLine(port: number, line: string, start: string): Promise<void> {
  const response = await sendLine(port, line)
  if (!response.startsWith(start)) throw new Error(response)
}

/** Runs statements on the server itself, past the proxy. @returns the connection, which is still open */
export async function onPostgresql(port: number, database: string, ...statements: string[]): Promise<Client> {
  const options = { host: '127.0.0.1', port, user: 'postgres', database, connectionTimeoutMillis: 2000 }
  const client = new Client(options)
  client.on('error', () => {})
  await client.connect()
  for (const statement of statements) await client.query(statement)
  return client
}

/** The same for MariaDB. */
export async function onMariadb(port: number, ...statements: string[]) {
  const client = await createConnection({ host: '127.0.0.1', port, user: 'root', connectTimeout: 2000 })
  client.on('error', () => {})
  for (const statement of statements) await client.query(statement)
  return client
}

/** PostgreSQL's programs are not on the PATH of every distribution. */
function postgresqlProgram(name: string): string {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : []
  const version = versions.toSorted((a, b) => Number(b) - Number(a))[0]
  return version === undefined ? name : `/usr/lib/postgresql/${version}/bin/${name}`
}

const KINDS: Record<ServerName, Kind> = {
  postgresql: {
    title: 'PostgreSQL',
    program: postgresqlProgram('postgres'),
    megabytes: 64,
    user: 'postgres',
    install(folder) {
      const as = isRoot ? ['--reuid', 'postgres', '--regid', 'postgres', '--init-groups'] : []
      const options = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync', '--wal-segsize=1']
      run('setpriv', ...as, postgresqlProgram('initdb'), '-D', folder, ...options)
    },
    command: (program, folder, port) => [
      program,
      '-D',
      folder,
      ...words(`-p ${port} -h 127.0.0.1 -c max_wal_size=8MB -c min_wal_size=2MB -c shared_buffers=16MB`),
      '-k',
      '',
    ],
    greet: async (port) => (await onPostgresql(port, 'postgres', 'SELECT 1')).end(),
  },
  mariadb: {
    title: 'MariaDB',
    program: 'mariadbd',
    megabytes: 128,
    user: 'mysql',
    install(folder) {
      const as = isRoot ? ['--user=mysql'] : []
      const options = ['--auth-root-authentication-method=normal', '--skip-test-db', '--innodb-log-file-size=4M']
      run('mariadb-install-db', '--no-defaults', ...as, `--datadir=${folder}`, ...options)
    },
    command: (program, folder, port) => [
      program,
      '--no-defaults',
      `--datadir=${folder}`,
      `--socket=${folder}/socket`,
      `--pid-file=${folder}/pid`,
      ...words(`--port=${port} --bind-address=127.0.0.1 --skip-name-resolve --innodb-buffer-pool-size=16M`),
      ...words('--innodb-log-file-size=4M --innodb-flush-log-at-trx-commit=1'),
    ],
    greet: async (port) => (await onMariadb(port, 'SELECT 1')).end(),
  },
  redis: {
    title: 'Redis',
    program: 'redis-server',
    megabytes: 32,
    command: (program, folder, port) => [
      program,
      '--dir',
      folder,
      ...words(`--bind 127.0.0.1 --port ${port} --appendonly yes --appendfsync always --save`),
      '',
    ],
    greet: (port) => expectLine(port, 'PING', '+PONG'),
  },
  memcached: {
    title: 'Memcached',
    program: 'memcached',
    megabytes: 1,
    command: (program, _folder, port) => [program, ...words(`-l 127.0.0.1 -p ${port}${isRoot ? ' -u root' : ''}`)],
    greet: (port) => expectLine(port, 'version', 'VERSION'),
  },
}

export class StoreServer {
  readonly name: ServerName
  readonly title: string
  readonly port: number
  readonly disk: Disk
  readonly #kind: Kind
  readonly #folder: string
  #child: ChildProcess | undefined
  kills = 0

  private constructor(name: ServerName, port: number) {
    this.name = name
    this.#kind = KINDS[name]
    this.title = this.#kind.title
    this.port = port
    this.disk = new Disk(name, this.#kind.megabytes)
    this.#folder = path.join(this.disk.path, 'data')
  }

  /** Why a server cannot be started on this machine; '' if it can. */
  static reasonAgainst(name: ServerName): string {
    const { title, program, user } = KINDS[name]
    if (spawnSync(program, ['--version']).error !== undefined) return `There is no program ${program}.`
    if (spawnSync('setpriv', ['--version']).error !== undefined) return 'There is no program setpriv.'
    if (!isRoot || user === undefined || spawnSync('id', [user]).status === 0) return ''
    return `${title} does not run as root, and there is no user ${user}.`
  }

  /** Starts a new, empty server. @throws Error with the end of its log */
  static async start(name: ServerName): Promise<StoreServer> {
    const server = new StoreServer(name, await freePort())
    const { user, install } = server.#kind
    mkdirSync(server.#folder)
    // The folder is private to this user by default.
    if (isRoot) run('chmod', '755', path.dirname(server.disk.path), server.disk.path)
    if (isRoot && user !== undefined) {
      chownSync(server.#folder, Number(run('id', '-u', user)), Number(run('id', '-g', user)))
    }
    install?.(server.#folder)
    await server.restart()
    return server
  }

  get #log(): string {
    return `${this.disk.path}.log`
  }

  /** Starts the process if it does not run, and resolves when the server responds. */
  async restart(): Promise<void> {
    const end = performance.now() + START_MS
    for (;;) {
      if (!this.isRunning) this.#start()
      try {
        await this.#kind.greet(this.port)
        return
      } catch (error) {
        if (performance.now() > end)
          throw new Error(`${this.title}: ${String(error)}\n${this.logTail}`, { cause: error })
        await pause(20)
      }
    }
  }

  #start(): void {
    // PostgreSQL would take the process of that number for itself.
    rmSync(path.join(this.#folder, 'postmaster.pid'), { force: true })
    this.#child = startChild(this.#kind.command(this.#kind.program, this.#folder, this.port), this.#log, {
      user: this.#kind.user,
    })
  }

  get isRunning(): boolean {
    const child = this.#child
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  get logTail(): string {
    return readFileSync(this.#log, 'utf8').slice(-2000)
  }

  /** kill -9, for all its processes. */
  async kill(): Promise<void> {
    this.kills += 1
    await this.stop()
  }

  /** The same at the end of a run, where it does not count. */
  async stop(): Promise<void> {
    if (this.#child?.pid === undefined || !this.isRunning) return
    const others = family(this.#child.pid).slice(1)
    await kill(this.#child)
    for (const pid of others) signal(pid, 'SIGKILL')
    // They use the same memory, so the next server must not start before they are gone.
    await until(async () => {
      if (others.some(runs)) throw new Error(`${this.title} has processes that cannot be killed.`)
    })
  }

  /** Connections are accepted by the system then, and nothing responds. */
  suspend(): void {
    if (this.#child?.pid !== undefined) for (const pid of family(this.#child.pid)) signal(pid, 'SIGSTOP')
  }

  resume(): void {
    if (this.#child?.pid !== undefined) for (const pid of family(this.#child.pid)) signal(pid, 'SIGCONT')
  }
}

/** Whether a process exists and is no zombie. */
function runs(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.startsWith('Z')
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended already.
  }
}
