/** Keeps the process alive when a listener for the end of a response throws. */
import type { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { getLogger } from '#core/utils'

const log = getLogger('django.request')

/** Events by which the end of a response is recognized. */
const ENDS: readonly unknown[] = ['finish', 'end', 'close', 'error']

const guarded = new WeakSet<EventEmitter>()

function guard(emitter: EventEmitter): void {
  if (guarded.has(emitter)) return
  guarded.add(emitter)
  const emit = emitter.emit.bind(emitter)
  emitter.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (!ENDS.includes(event) || emitter.listenerCount(event) === 0) return emit(event, ...args)
    try {
      return emit(event, ...args)
    } catch (error) {
      // Thrown out of an event, it would end the process.
      log.error('A listener for the end of a response failed', error)
      return true
    }
  }
}

/** To be called before anything waits for the end of the response. */
export function surviveListeners(response: ServerResponse & { readonly stream?: EventEmitter }): void {
  guard(response)
  // Over HTTP/2, the connection belongs to many responses.
  const connection = response.stream ?? response.socket
  if (connection !== null) guard(connection)
}
