/** Private servers that a test can stop, freeze and kill, and fake servers. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { freePort } from '../management/processes.ts'
import { temporaryFolder, usesServices } from '../services.ts'
import { until } from './until.ts'

const has = (program: string, flag: string): boolean => spawnSync(program, [flag]).error === undefined

/** What `requireService` wants to know. */
export const program = (name: string, flag: string) => {
  const available = usesServices && has(name, flag)
  const reason = usesServices ? `There is no program ${name} here.` : `Tests with ${name}`
  return { name, available, reason: available ? '' : reason }
}

export const redisServer = program('redis-server', '--version')
export const memcachedServer = program('memcached', '-V')

/** @param place a port or a socket file */
const responds = (place: number | string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = typeof place === 'string' ? connect(place) : connect(place, '127.0.0.1')
    const end = (hasResponded: boolean) => {
      socket.destroy()
      resolve(hasResponded)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })

/** A private server on a free port. */
export class OwnServer {
  readonly port: number
  readonly #command: readonly string[]
  readonly #place: number | string
  #child: ChildProcess | undefined

  /** @param place the socket file of a server without a port */
  constructor(port: number, command: readonly string[], place: number | string = port) {
    this.port = port
    this.#command = command
    this.#place = place
  }

  static async redis(...options: string[]): Promise<OwnServer> {
    const port = await freePort()
    // Files of another server in the directory would be loaded.
    const folder = temporaryFolder('redis')
    const usual = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder]
    return new OwnServer(port, ['redis-server', ...usual, ...options])
  }

  static async memcached(...options: string[]): Promise<OwnServer> {
    const port = await freePort()
    return new OwnServer(port, ['memcached', '-u', 'root', '-l', '127.0.0.1', '-p', String(port), ...options])
  }

  /** A Sentinel that watches the master on `port` under the name `shop`. */
  static async sentinel(port: number): Promise<OwnServer> {
    const own = await freePort()
    const folder = temporaryFolder('sentinel')
    const file = path.join(folder, 'sentinel.conf')
    const lines = [`port ${own}`, 'bind 127.0.0.1', `dir ${folder}`, `sentinel monitor shop 127.0.0.1 ${port} 1`]
    writeFileSync(file, `${lines.join('\n')}\n`)
    return new OwnServer(own, ['redis-server', file, '--sentinel'])
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  async start(): Promise<this> {
    const [name = '', ...args] = this.#command
    this.#child = spawn(name, args, { stdio: 'ignore' })
    await until(`${name} answers`, () => responds(this.#place))
    return this
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  /** Connections are then accepted, but get no response. */
  async freeze(): Promise<void> {
    const pid = String(this.#child?.pid)
    this.#child?.kill('SIGSTOP')
    // Waits until all its threads have stopped.
    await until('it stands still', () => String(spawnSync('ps', ['-o', 'state=', '-p', pid]).stdout).startsWith('T'))
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }
}

/** Accepts connections and handles them with the given function; by default it stays silent. */
export class FakeServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** The number of connections so far. */
  connections = 0

  constructor(treat: (socket: Socket) => void = () => {}) {
    this.#server = createServer((socket) => {
      this.connections += 1
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
      // Without a reader, the end of a connection would not be noticed.
      socket.resume()
      treat(socket)
    })
  }

  get open(): number {
    return this.#sockets.size
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
