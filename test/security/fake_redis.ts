/** A small Redis in this process, which can be made to reply wrongly, late, and in pieces. */
import type { Socket } from 'node:net'
import { FakeServer } from '../cache/servers.ts'

/** Bytes to send instead of the right reply; `undefined` for the right one. */
export type Fault = (command: readonly string[], index: number) => string | undefined

const bulk = (text: string | undefined): string =>
  text === undefined ? '$-1\r\n' : `$${Buffer.byteLength(text, 'latin1')}\r\n${text}\r\n`

export class FakeRedis {
  readonly values = new Map<string, string>()
  readonly commands: (readonly string[])[] = []
  readonly server: FakeServer
  cut: (reply: string) => string[] = (reply) => [reply]
  fault: Fault = () => undefined

  constructor() {
    this.server = new FakeServer((socket) => this.#serve(socket))
  }

  #serve(socket: Socket): void {
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      let reply = ''
      for (let read = this.#next(received); read !== undefined; read = this.#next(received)) {
        received = received.slice(read.end)
        reply += this.fault(read.command, this.commands.length) ?? this.#reply(read.command)
        this.commands.push(read.command)
      }
      for (const piece of this.cut(reply)) if (piece !== '') socket.write(piece, 'latin1')
    })
  }

  #next(text: string): { command: string[]; end: number } | undefined {
    const head = /^\*(\d+)\r\n/.exec(text)
    if (head === null) return undefined
    const command: string[] = []
    let at = head[0].length
    for (let i = 0; i < Number(head[1]); i++) {
      const size = /^\$(\d+)\r\n/.exec(text.slice(at))
      if (size === null || text.length < at + size[0].length + Number(size[1]) + 2) return undefined
      at += size[0].length
      command.push(text.slice(at, at + Number(size[1])))
      at += Number(size[1]) + 2
    }
    return { command, end: at }
  }

  #reply([name = '', key = '', ...rest]: readonly string[]): string {
    switch (name) {
      case 'GET':
        return bulk(this.values.get(key))
      case 'MGET':
        return `*${1 + rest.length}\r\n${[key, ...rest].map((each) => bulk(this.values.get(each))).join('')}`
      case 'EXISTS':
        return `:${Number(this.values.has(key))}\r\n`
      case 'SET':
        if (rest.includes('NX') && this.values.has(key)) return bulk(undefined)
        this.values.set(key, rest[0] as string)
        return '+OK\r\n'
      case 'DEL':
        return `:${[key, ...rest].filter((each) => this.values.delete(each)).length}\r\n`
      default:
        return '+OK\r\n'
    }
  }
}
