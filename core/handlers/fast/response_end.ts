/**
 * Fast paths for the end of a response: one listener instead of many, and responses that are sent together.
 *
 * The package on-finished, by which Koa and many middleware wait for the end, would add four listeners to the response and
 * its connection for each request, and remove them again.
 */
import type { ServerResponse } from 'node:http'
import type { Middleware } from 'koa'
import { tickEnd } from '#core/concurrency'
import { getLogger } from '#core/utils'

const log = getLogger('django.request')

type Listener = (error: Error | null, response: ServerResponse) => void

/**
 * A response with the private member in which on-finished keeps its listeners. It adds to a queue that is already there,
 * and does not listen itself. Should a later version not do so, only the time is lost.
 */
type Queued = ServerResponse & { __onFinished?: { readonly queue: Listener[] } | null }

/** Calls each listener once, with the error that broke the connection, or null. */
function callAll(this: Queued): void {
  const queue = this.__onFinished?.queue ?? []
  this.__onFinished = null
  // A response that was sent has no connection any more.
  const error = this.socket?.errored ?? null
  for (const listener of queue) {
    try {
      listener(error, this)
    } catch (failure) {
      // Thrown out of an event, it would end the process.
      log.error('A listener for the end of a response failed', failure)
    }
  }
}

/** To be called before anything waits for the end of the response. */
export function callListenersOnce(response: Queued): void {
  if (response.__onFinished) return
  response.__onFinished = { queue: [] }
  response.on('close', callAll)
}

/**
 * Sends the responses of one tick of the event loop together: a client or proxy on the same machine that is woken for each
 * of them costs the sender more than a small request does. Outermost in the chain, because Koa sends a response when the
 * outermost middleware has ended.
 */
export const sendAtTickEnd: Middleware = (_ctx, next) => next().then(tickEnd)
