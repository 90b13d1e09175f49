/** A small memcached in this process, which can be made to respond wrongly, and in pieces. */
import type { Socket } from 'node:net'
import { FakeServer } from '../cache/servers.ts'

interface Item {
  flags: string
  data: string
  unique: number
}

/** The server's response to a command instead of the right one: bytes to send, or `undefined` for the right one. */
export type Fault = (line: string, index: number) => string | undefined

/** Thrown by a fault: the line is rejected, and the data behind it is read as commands. */
export class Rejected extends Error {}

const STORAGE = /^(set|add|cas) (\S+) (\d+) (-?\d+) (\d+)(?: (\d+))?$/

export class FakeMemcached {
  readonly items = new Map<string, Item>()
  /** Every line that was read as a command, on all connections. */
  readonly lines: string[] = []
  readonly server: FakeServer
  /** How the response to the commands of each tick is split. */
  cut: (response: string) => string[] = (response) => [response]
  fault: Fault = () => undefined
  #uniques = 0

  constructor() {
    this.server = new FakeServer((socket) => this.#serve(socket))
  }

  put(key: string, data: string, flags = '16'): void {
    this.items.set(key, { flags, data, unique: ++this.#uniques })
  }

  #serve(socket: Socket): void {
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      let response = ''
      for (;;) {
        const end = received.indexOf('\r\n')
        if (end < 0) break
        const line = received.slice(0, end)
        const size = Number(STORAGE.exec(line)?.[5] ?? -2)
        if (received.length < end + 2 + size + 2) break
        const data = received.slice(end + 2, end + 2 + size)
        try {
          response += this.fault(line, this.lines.length) ?? this.#respond(line, data)
          received = received.slice(end + 2 + size + 2)
        } catch (error) {
          if (!(error instanceof Rejected)) throw error
          response += `${error.message}\r\n`
          received = received.slice(end + 2)
        }
        this.lines.push(line)
      }
      for (const piece of this.cut(response)) if (piece !== '') socket.write(piece, 'latin1')
    })
  }

  #respond(line: string, data: string): string {
    const stored = STORAGE.exec(line)
    if (stored !== null) return `${this.#store(stored, data)}\r\n`
    const [verb, ...rest] = line.split(' ')
    if (verb === 'get' || verb === 'gets') return this.#read(rest, verb === 'gets')
    const [key = '', number] = rest
    const item = this.items.get(key)
    if (verb === 'flush_all') this.items.clear()
    if (verb === 'flush_all') return 'OK\r\n'
    if (!['delete', 'touch', 'incr', 'decr'].includes(verb ?? '')) return 'ERROR\r\n'
    if (item === undefined) return 'NOT_FOUND\r\n'
    if (verb === 'touch') return 'TOUCHED\r\n'
    if (verb === 'delete') return this.items.delete(key) ? 'DELETED\r\n' : ''
    item.data = String(Number(item.data) + (verb === 'incr' ? Number(number) : -Number(number)))
    return `${item.data}\r\n`
  }

  #store([, verb, key = '', flags = '', , , unique]: RegExpExecArray, data: string): string {
    const before = this.items.get(key)
    if (verb === 'add' && before !== undefined) return 'NOT_STORED'
    if (verb === 'cas' && before === undefined) return 'NOT_FOUND'
    if (verb === 'cas' && String(before?.unique) !== unique) return 'EXISTS'
    this.put(key, data, flags)
    return 'STORED'
  }

  #read(keys: readonly string[], withUnique: boolean): string {
    const found = keys.flatMap((key) => {
      const item = this.items.get(key)
      if (item === undefined) return []
      const { flags, data, unique } = item
      return [`VALUE ${key} ${flags} ${data.length}${withUnique ? ` ${unique}` : ''}\r\n${data}\r\n`]
    })
    return `${found.join('')}END\r\n`
  }
}
