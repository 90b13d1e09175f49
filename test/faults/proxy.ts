/** A TCP proxy between the site and a store, which disturbs the connections as it is told to. */
import { randomBytes } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * What the proxy does with what the server sends. The client's requests reach the server in every mode but `drop`, so
 * that after a fault the client cannot know whether a statement took effect.
 *
 * - `pass`: nothing
 * - `delay`: each packet comes 200 ms later
 * - `drop`: packets vanish in both directions. A connection that has lost one stays silent, also after the fault
 * - `truncate`: half of the next packet comes, then FIN
 * - `garbage`: random bytes of the same number come instead
 * - `fin`: FIN comes instead of the next packet
 * - `reset`: RST comes instead of the next packet
 * - `trickle`: the packets come byte by byte, one every 10 ms
 */
export const MODES = ['pass', 'delay', 'drop', 'truncate', 'garbage', 'fin', 'reset', 'trickle'] as const
export type Mode = (typeof MODES)[number]

const DELAY_MS = 200
const TRICKLE_MS = 10

/** A connection of the site, with the one to the server that belongs to it. */
class Link {
  readonly #client: Socket
  readonly #server: Socket
  readonly #mode: () => Mode
  #isSilent = false
  /** What is still on its way to the client, so that packets stay in order. */
  #pending: Promise<void> = Promise.resolve()

  constructor(client: Socket, server: Socket, mode: () => Mode) {
    this.#client = client
    this.#server = server
    this.#mode = mode
    client.setNoDelay(true).on('data', (data) => {
      if (mode() === 'drop') this.#isSilent = true
      if (!this.#isSilent) server.write(data)
    })
    server.setNoDelay(true).on('data', (data) => {
      this.#pending = this.#pending.then(() => this.#answer(data))
    })
    for (const socket of [client, server]) socket.on('error', () => {})
    client.on('close', () => server.destroy())
    server.on('close', () => {
      void this.#pending.then(() => {
        // The end of a connection is a packet, too, and does not arrive.
        if (mode() === 'drop') this.#isSilent = true
        if (!this.#isSilent) client.destroy()
      })
    })
  }

  async #answer(data: Buffer): Promise<void> {
    const mode = this.#mode()
    if (mode === 'drop') this.#isSilent = true
    if (this.#isSilent || this.#client.destroyed) return
    if (mode === 'delay') await pause(DELAY_MS)
    if (mode === 'pass' || mode === 'delay') this.#client.write(data)
    else if (mode === 'garbage') this.#client.write(randomBytes(data.length))
    else if (mode === 'trickle') await this.#trickle(data)
    else if (mode === 'reset') this.#client.resetAndDestroy()
    else this.#end(mode === 'truncate' ? data.subarray(0, data.length >> 1) : Buffer.alloc(0))
  }

  async #trickle(data: Buffer): Promise<void> {
    for (let at = 0; at < data.length && !this.#client.destroyed; at++) {
      if (this.#mode() !== 'trickle') {
        this.#client.write(data.subarray(at))
        return
      }
      this.#client.write(data.subarray(at, at + 1))
      await pause(TRICKLE_MS)
    }
  }

  #end(last: Buffer): void {
    this.#isSilent = true
    this.#client.end(last)
    this.#server.destroy()
  }

  close(): void {
    this.#client.destroy()
    this.#server.destroy()
  }
}

export class FaultyProxy {
  mode: Mode = 'pass'
  readonly #server: Server
  readonly #links = new Set<Link>()

  /** @param port of the server on this machine */
  constructor(port: number) {
    this.#server = createServer((client) => {
      const link = new Link(client, connect(port, '127.0.0.1'), () => this.mode)
      this.#links.add(link)
      client.on('close', () => this.#links.delete(link))
    })
  }

  static async start(port: number): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(port)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** The number of open connections. */
  get open(): number {
    return this.#links.size
  }

  async close(): Promise<void> {
    for (const link of this.#links) link.close()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
