/**
 * A connection to one memcached server, in its text protocol
 * (https://github.com/memcached/memcached/blob/master/doc/protocol.txt).
 *
 * Commands are pipelined; the responses come in the same order. A response that does not fit its command closes the
 * connection, because the following responses could not be matched either. Timeouts and reconnecting are the job of
 * ReconnectingClient.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { mutableCopy } from '#core/conf'
import { formatValue } from '#core/utils'
import { type Command, isUnique } from './memcached_commands.ts'
import type { MemcachedServer } from './memcached_servers.ts'

/** The server's error response to a command. */
export class MemcachedRefusal extends Error {
  override readonly name = 'MemcachedRefusal'
}

/** The connection was closed because of another command. Whether the server executed this one is unknown. */
export class MemcachedInterruption extends Error {
  override readonly name = 'MemcachedInterruption'
}

export interface Item {
  /** A byte string. */
  readonly bytes: string
  /** The format, as the writer's client encodes it. */
  readonly flags: number
  /** The cas unique, which changes with every change of the item. Empty unless the command was `gets`. */
  readonly unique: string
}

/** A command whose response has not arrived yet. */
interface PendingCommand {
  readonly command: Command
  readonly items: Map<string, Item>
  readonly resolve: (line: string) => void
  readonly reject: (error: Error) => void
}

export interface OpenOptions {
  readonly tls: ConnectionOptions | undefined
  /** Called when the connection is closed. */
  readonly lost: () => void
  /** Aborts the attempt to connect. */
  readonly givenUp: AbortSignal
}

const REFUSAL = /^(?:ERROR|CLIENT_ERROR|SERVER_ERROR)(?: |$)/
const VALUE = /^VALUE ([^ ]+) (\d{1,10}) (\d{1,10})(?: (\d{1,20}))?$/

const LINE_END = Buffer.from('\r\n')

/** Maximum length of a line in bytes. A VALUE line has fewer than 400. */
const MAX_LINE = 2048

/** Maximum size of an item in bytes, more than any server stores by default. A wrong size could fill the memory. */
const MAX_ITEM = 2 ** 28

const unexpected = (found: string): Error =>
  new Error(`${formatValue(found)} is not a response of memcached to this command`)

export class MemcachedConnection {
  readonly #socket: Socket
  readonly #lost: () => void
  #pending: PendingCommand[] = []
  #chunks: Buffer[] = []
  #size = 0
  /** How many bytes must be buffered before reading can continue. */
  #needed = 1
  #corked = false
  /** Why the connection is closed. */
  #end: Error | undefined

  private constructor(socket: Socket, lost: () => void) {
    this.#socket = socket
    this.#lost = lost
  }

  static open(server: MemcachedServer, { tls, lost, givenUp }: OpenOptions): Promise<MemcachedConnection> {
    return new Promise((resolve, reject) => {
      const socket =
        tls === undefined ? connect(server.connect) : connectTls({ ...server.connect, ...mutableCopy(tls) })
      const connection = new MemcachedConnection(socket, lost)
      const closed = (error = new Error('the connection was closed')): void => {
        connection.#close(error)
        reject(error)
      }
      socket.setNoDelay(true)
      givenUp.addEventListener('abort', () => socket.destroy())
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => resolve(connection))
      socket.on('data', (chunk: Buffer) => connection.#receive(chunk))
      socket.on('error', closed)
      socket.once('close', () => closed())
    })
  }

  /** Runs a retrieval command. @returns the items that exist, by key */
  async items(command: Command): Promise<Map<string, Item>> {
    const items = new Map<string, Item>()
    await this.#send(command, items)
    return items
  }

  /** Runs a command. @returns the line of its response  @throws MemcachedRefusal */
  run(command: Command): Promise<string> {
    return this.#send(command, new Map())
  }

  destroy(): void {
    this.#close(new Error('the connection was closed'))
  }

  #send(command: Command, items: Map<string, Item>): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end)
      this.#pending.push({ command, items, resolve, reject })
      this.#cork()
      this.#socket.write(`${command.line}\r\n`)
      if (command.data === undefined) return
      this.#socket.write(command.data)
      this.#socket.write(LINE_END)
    })
  }

  /** Writes all commands of one tick together. */
  #cork(): void {
    if (this.#corked) return
    this.#corked = true
    this.#socket.cork()
    process.nextTick(() => {
      this.#corked = false
      this.#socket.uncork()
    })
  }

  /** Closes the connection and rejects the pending commands, before anything else is read or sent. */
  #close(error: Error): void {
    if (this.#end !== undefined) return
    this.#end = error
    this.#socket.destroy()
    this.#chunks = []
    this.#lost()
    for (const { reject } of this.#pending.splice(0)) reject(error)
  }

  #receive(chunk: Buffer): void {
    if (this.#end !== undefined) return
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size < this.#needed) return
    try {
      this.#readAll(this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks))
    } catch (error) {
      this.#close(error as Error)
    }
  }

  #readAll(buffer: Buffer): void {
    let rest = buffer
    this.#needed = 1
    while (rest.length > 0) {
      const [pending] = this.#pending
      if (pending === undefined) throw unexpected(rest.toString('latin1', 0, 40))
      const used = this.#read(rest, pending)
      if (this.#end !== undefined) return
      if (used === 0) break
      rest = rest.subarray(used)
    }
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#size = rest.length
  }

  /** Reads one line and its data block. @returns the number of bytes read; 0 if they have not all arrived */
  #read(buffer: Buffer, pending: PendingCommand): number {
    const end = buffer.indexOf(LINE_END)
    if (end > MAX_LINE || (end < 0 && buffer.length > MAX_LINE)) throw unexpected(buffer.toString('latin1', 0, 40))
    if (end < 0) {
      this.#needed = buffer.length + 1
      return 0
    }
    const line = buffer.toString('utf8', 0, end)
    if (line.startsWith('VALUE ')) return this.#readItem(line, buffer, end + 2, pending)
    this.#finish(line, pending)
    return end + 2
  }

  #readItem(line: string, buffer: Buffer, start: number, { command, items }: PendingCommand): number {
    const [, key = '', flags, bytes, unique = ''] = VALUE.exec(line) ?? []
    const isAskedFor = command.keys?.has(key) === true && !items.has(key)
    const hasUnique = command.line.startsWith('gets ') ? isUnique(unique) : unique === ''
    if (!isAskedFor || !hasUnique || Number(bytes) > MAX_ITEM) {
      throw unexpected(line.slice(0, 40))
    }
    const stop = start + Number(bytes)
    if (buffer.length < stop + 2) {
      this.#needed = stop + 2
      return 0
    }
    if (buffer[stop] !== 0x0d || buffer[stop + 1] !== 0x0a) throw unexpected(buffer.toString('latin1', stop, stop + 2))
    items.set(key, { bytes: buffer.toString('latin1', start, stop), flags: Number(flags), unique })
    return stop + 2
  }

  #finish(line: string, { command, resolve, reject }: PendingCommand): void {
    const isRefusal = REFUSAL.test(line)
    if (!isRefusal && !command.replies.test(line)) throw unexpected(line.slice(0, 40))
    this.#pending.shift()
    if (!isRefusal) return resolve(line)
    reject(new MemcachedRefusal(line.slice(0, 200)))
    // The server may interpret the data as commands, and respond to each of them.
    if (command.data !== undefined) {
      this.#close(new MemcachedInterruption('the connection was closed when the server refused another command'))
    }
  }
}
