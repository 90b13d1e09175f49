/** A client of a server in this process, with a stream for a socket: no port, no system call, no other clock. */
import type { Server } from 'node:http'
import { Duplex } from 'node:stream'

const END_OF_HEAD = '\r\n\r\n'

/** Where a response ends in what came; -1 when more has to come. */
function endOf(text: string): number {
  const head = text.indexOf(END_OF_HEAD)
  if (head < 0) return -1
  const [, length] = /^content-length: (\d+)/im.exec(text) ?? []
  const end = head + END_OF_HEAD.length
  if (length !== undefined) return text.length >= end + Number(length) ? end + Number(length) : -1
  const lastChunk = text.indexOf('\r\n0\r\n\r\n', head)
  return lastChunk < 0 ? -1 : lastChunk + 7
}

class PipedSocket extends Duplex {
  /** Told what the server writes. */
  heard: (text: string) => void = () => {}
  readonly remoteAddress = '127.0.0.1'

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.heard(chunk.toString('latin1'))
    done()
  }

  // What node:http asks of a socket.
  setTimeout(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
}

export class PipedClient {
  readonly #socket = new PipedSocket()
  #cookie = ''
  #text = ''
  #answered: (text: string) => void = () => {}

  constructor(server: Server) {
    this.#socket.heard = (text) => {
      this.#text += text
      if (endOf(this.#text) < 0) return
      const whole = this.#text
      this.#text = ''
      this.#answered(whole)
    }
    server.emit('connection', this.#socket)
  }

  /** The response's text, head and all. Cookies are kept. @throws Error for another status than 200 */
  async ask(url: string): Promise<string> {
    const cookie = this.#cookie === '' ? '' : `Cookie: ${this.#cookie}\r\n`
    const text = await new Promise<string>((resolve) => {
      this.#answered = resolve
      this.#socket.push(`GET ${url} HTTP/1.1\r\nHost: 127.0.0.1\r\n${cookie}\r\n`)
    })
    if (!text.startsWith('HTTP/1.1 200 ')) throw new Error(`${url} was answered with ${text.split('\r\n', 1)[0]}.`)
    const [, pair] = /^set-cookie: ([^;\r]*)/im.exec(text) ?? []
    if (pair !== undefined) this.#cookie = pair
    return text
  }
}
