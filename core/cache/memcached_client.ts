/**
 * A connection to one memcached server, in its text protocol
 * (https://github.com/memcached/memcached/blob/master/doc/protocol.txt).
 *
 * Commands are sent as they come, without waiting for answers, which come in the same order. It knows no deadline and
 * does not connect again: the link above it sees to both.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import type { MemcachedServer } from './memcached_servers.ts'

/** The server's own words that it did not do what it was told. */
export class MemcachedRefusal extends Error {
  override readonly name = 'MemcachedRefusal'
}

export interface Item {
  /** A byte string. */
  readonly text: string
  /** What the writer says of it. */
  readonly flags: number
  /** Changes with every change of the item. Empty unless asked for. */
  readonly unique: string
}

/** What a command waits for: items up to END, or one line. */
interface Waiting {
  readonly items?: Map<string, Item>
  readonly resolve: (answer: string) => void
  readonly reject: (error: Error) => void
}

export interface OpenOptions {
  readonly tls: ConnectionOptions | undefined
  /** Called when the connection is gone. */
  readonly lost: () => void
  /** Ends the try to connect. */
  readonly givenUp: AbortSignal
}

/** All that a server may say to what is sent here. */
const ANSWER = /^(?:STORED|NOT_STORED|EXISTS|NOT_FOUND|DELETED|TOUCHED|OK|END|\d+ *|VERSION .*)$/
const REFUSAL = /^(?:ERROR|CLIENT_ERROR|SERVER_ERROR)/

const LINE_END = Buffer.from('\r\n')

export class MemcachedConnection {
  readonly #socket: Socket
  #waiting: Waiting[] = []
  #chunks: Buffer[] = []
  #size = 0
  /** Bytes without which nothing more can be read. */
  #needed = 1
  #corked = false

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static open(server: MemcachedServer, { tls, lost, givenUp }: OpenOptions): Promise<MemcachedConnection> {
    return new Promise((resolve, reject) => {
      const socket = tls === undefined ? connect(server.connect) : connectTls({ ...server.connect, ...tls })
      const connection = new MemcachedConnection(socket)
      let failure = new Error('the connection was closed')
      socket.setNoDelay(true)
      givenUp.addEventListener('abort', () => socket.destroy())
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => resolve(connection))
      socket.on('data', (chunk: Buffer) => connection.#receive(chunk))
      socket.on('error', (error: Error) => (failure = error))
      socket.once('close', () => {
        lost()
        connection.#rejectAll(failure)
        reject(failure)
      })
    })
  }

  /** Sends `get` or `gets` with keys; gives the items that are there. */
  async items(command: string): Promise<Map<string, Item>> {
    const items = new Map<string, Item>()
    await this.#send([`${command}\r\n`], items)
    return items
  }

  /** Sends a command, with a block of data behind it where it has one, and gives the line that answers. */
  command(line: string, data?: Buffer): Promise<string> {
    return this.#send(data === undefined ? [`${line}\r\n`] : [`${line}\r\n`, data, LINE_END])
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #send(parts: readonly (string | Buffer)[], items?: Map<string, Item>): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the connection was closed'))
      this.#waiting.push({ resolve, reject, ...(items && { items }) })
      this.#cork()
      for (const part of parts) this.#socket.write(part)
    })
  }

  /** What is sent in one turn of the event loop leaves in one packet. */
  #cork(): void {
    if (this.#corked) return
    this.#corked = true
    this.#socket.cork()
    process.nextTick(() => {
      this.#corked = false
      this.#socket.uncork()
    })
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size < this.#needed) return
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    this.#needed = 1
    for (;;) {
      const used = this.#readAnswer(rest)
      if (used === 0 || this.#socket.destroyed) break
      rest = rest.subarray(used)
    }
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#size = rest.length
  }

  /** Reads one line, and the data that belongs to it; gives the bytes it took, 0 if they are not all there. */
  #readAnswer(buffer: Buffer): number {
    const end = buffer.indexOf(LINE_END)
    if (end < 0) {
      this.#needed = buffer.length + 1
      return 0
    }
    const line = buffer.toString('utf8', 0, end)
    if (!line.startsWith('VALUE ')) {
      this.#answer(line)
      return end + 2
    }
    const [, key = '', flags = '0', bytes = '0', unique = ''] = line.split(' ')
    const start = end + 2
    const stop = start + Number(bytes)
    if (buffer.length < stop + 2) {
      this.#needed = stop + 2
      return 0
    }
    this.#waiting[0]?.items?.set(key, { text: buffer.toString('latin1', start, stop), flags: Number(flags), unique })
    return stop + 2
  }

  #answer(line: string): void {
    const isRefusal = REFUSAL.test(line)
    const waiting = isRefusal || ANSWER.test(line) ? this.#waiting.shift() : undefined
    if (waiting === undefined) {
      // Whatever follows could not be matched with its question.
      this.#socket.destroy(new Error(`'${line.slice(0, 40)}' is no answer of memcached`))
    } else if (isRefusal) waiting.reject(new MemcachedRefusal(line))
    else waiting.resolve(line)
  }

  #rejectAll(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(error)
  }
}
