/**
 * One listener for the end of a response. The package on-finished, by which Koa and many middleware wait for it, would add
 * four listeners to the response and its connection for each request, and remove them again.
 */
import type { ServerResponse } from 'node:http'
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
