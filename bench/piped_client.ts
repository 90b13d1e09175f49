/** A client of a server in the same process, with a stream instead of a socket: no port and no system calls. */
import type { Server } from 'node:http'
import { Duplex } from 'node:stream'

const END_OF_HEAD = '\r\n\r\n'

/** The index of the end of a response; -1 if it is incomplete. */
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
  /** Called with each string that the server writes. */
  onWrite: (text: string) => void = () => {}
  readonly remoteAddress = '127.0.0.1'

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.onWrite(chunk.toString('latin1'))
    done()
  }

  // Methods of a socket that node:http calls.
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
    this.#socket.onWrite = (text) => {
      this.#text += text
      if (endOf(this.#text) < 0) return
      const whole = this.#text
      this.#text = ''
      this.#answered(whole)
    }
    server.emit('connection', this.#socket)
  }

  /** Sends a request with the last cookie. @returns head and body  @throws Error if the status is not 200 */
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
