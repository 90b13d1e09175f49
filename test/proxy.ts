/** A TCP proxy in front of a server, which loses packets or closes connections when a test tells it to. */
import { connect, createServer, type Server, type Socket } from 'node:net'

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
}

export class Proxy {
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  /** Whether packets are lost in both directions. Connections are still accepted. */
  swallows = false
  /** How many connections there were. */
  accepted = 0
  /** Where new connections lead. */
  port: number
  /** Called with what a client sends. Returns whether it is passed on. */
  onRequest: ((bytes: Buffer, pair: Pair) => boolean) | undefined
  /** Called with what the server sends. Returns whether it is passed on. */
  onReply: ((bytes: Buffer, pair: Pair) => boolean) | undefined

  constructor(port: number, host = '127.0.0.1') {
    this.port = port
    this.#server = createServer((client) => {
      this.accepted++
      const upstream = connect(this.port, host)
      const pair = { client, upstream }
      this.#pairs.add(pair)
      const end = (): void => {
        this.#pairs.delete(pair)
        client.destroy()
        upstream.destroy()
      }
      for (const socket of [client, upstream]) socket.setNoDelay(true).on('error', end).on('close', end)
      client.on('data', (bytes) => {
        if (!this.swallows && this.onRequest?.(bytes, pair) !== false) upstream.write(bytes)
      })
      upstream.on('data', (bytes) => {
        if (!this.swallows && this.onReply?.(bytes, pair) !== false) client.write(bytes)
      })
    })
  }

  get open(): number {
    return this.#pairs.size
  }

  /** Sends bytes to all clients, as if they came from the server. */
  send(bytes: Buffer): void {
    for (const { client } of this.#pairs) client.write(bytes)
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as { port: number }).port
  }

  async close(): Promise<void> {
    for (const { client, upstream } of this.#pairs) {
      client.destroy()
      upstream.destroy()
    }
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
