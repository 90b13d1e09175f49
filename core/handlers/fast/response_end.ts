/**
 * Fast paths for the end of a response: one listener instead of many, and responses that are sent in batches.
 *
 * The package on-finished, which Koa and many middleware use to wait for the end, would add four listeners to the
 * response and its connection for each request, and remove them again.
 */
import type { ServerResponse } from 'node:http'
import { tickEnd } from '#core/concurrency'
import { getLogger } from '#core/utils'

const log = getLogger('django.request')

type Listener = (error: Error | null, response: ServerResponse) => void

/**
 * A response with the private member in which on-finished keeps its listeners. If the queue exists, on-finished adds to
 * it without listening itself. If a later version does not do so, only the speedup is lost.
 */
type Queued = ServerResponse & { __onFinished?: { readonly queue: Listener[] } | null }

/** Calls each listener once, with the error that broke the connection, or null. */
function callAll(this: Queued): void {
  const queue = this.__onFinished?.queue ?? []
  this.__onFinished = null
  // A completed response has no socket any more.
  const error = this.socket?.errored ?? null
  for (const listener of queue) {
    try {
      listener(error, this)
    } catch (failure) {
      // Thrown from an event handler, it would crash the process.
      log.error('A listener for the end of a response failed', failure)
    }
  }
}

/** Must be called before anything listens for the end of the response. */
export function callListenersOnce(response: Queued): void {
  if (response.__onFinished) return
  response.__onFinished = { queue: [] }
  response.on('close', callAll)
}

/**
 * Waits until the responses of this tick of the event loop can be sent together: waking a client or proxy on the same
 * machine for each of them costs more than a small request does.
 */
export const sendAtTickEnd = (): Promise<void> => tickEnd()
