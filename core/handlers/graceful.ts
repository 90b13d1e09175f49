/** `GracefulServer`: stops an HTTP server without losing a request. */
import type { Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { backgroundWorkDone, LinkedList, ListNode } from '#core/concurrency'
import { guardProcess } from './process_guard.ts'

export interface StopOptions {
  /**
   * Milliseconds, 1000 by default, for which keep-alive connections stay open for further requests, whose responses
   * have `Connection: close`. If they were closed immediately, a request in flight could be lost.
   */
  readonly grace?: number
  /** Milliseconds, 30,000 by default, after which requests in progress are aborted and upgraded connections closed. */
  readonly limit?: number
}

/** A connection or response that is not closed yet. */
class Open<Thing> extends ListNode {
  readonly thing: Thing

  constructor(thing: Thing) {
    super()
    this.thing = thing
  }
}

/**
 * Tracks the connections of a server, from before its first request until it has stopped, and guards its process: see
 * `guardProcess`.
 */
export class GracefulServer {
  readonly server: Server
  readonly #answering = new LinkedList<Open<ServerResponse>>()
  readonly #connections = new LinkedList<Open<Socket>>()
  #stopping = false
  #idleMayClose = false

  constructor(server: Server) {
    this.server = server
    guardProcess(server, {
      inProgress: () => Array.from(this.#answering, ({ thing }) => thing.req),
      stop: (limit) => this.stop({ grace: 0, limit }),
    })
    server.on('connection', (socket) => {
      const connection = new Open(socket)
      this.#connections.add(connection)
      socket.on('close', () => connection.leave())
    })
    server.prependListener('request', (_request, response) => {
      const answer = new Open(response)
      this.#answering.add(answer)
      if (this.#stopping) response.shouldKeepAlive = false
      response.on('close', () => {
        answer.leave()
        // The connection becomes idle only after this event.
        if (this.#idleMayClose) setImmediate(() => this.#closeIdle())
      })
    })
  }

  /** The number of requests in progress. */
  get answering(): number {
    return [...this.#answering].length
  }

  /**
   * Stops accepting connections and responds to the requests that have arrived. Resolves when the last connection is
   * closed and background work, such as sending emails, has ended or the limit is reached.
   */
  async stop({ grace = 1000, limit = 30_000 }: StopOptions = {}): Promise<void> {
    this.#stopping = true
    // http.Server's close() would close idle connections immediately.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(this.server, () => resolve()))
    for (const { thing } of this.#answering) if (!thing.headersSent) thing.shouldKeepAlive = false
    let reachLimit = (): void => {}
    const limitReached = new Promise<void>((resolve) => {
      reachLimit = resolve
    })
    const timers = [
      setTimeout(() => {
        this.#idleMayClose = true
        this.#closeIdle()
      }, grace),
      setTimeout(() => {
        // http.Server's closeAllConnections() would keep upgraded connections, such as WebSockets.
        for (const { thing } of this.#connections) thing.destroy()
        reachLimit()
      }, limit),
    ]
    await closed
    await Promise.race([backgroundWorkDone(), limitReached])
    timers.forEach(clearTimeout)
  }

  #closeIdle(): void {
    this.server.closeIdleConnections()
    // Browsers open connections in advance, and closeIdleConnections() keeps those without a request yet.
    for (const { thing } of this.#connections) if (thing.bytesRead === 0) thing.destroy()
  }
}
