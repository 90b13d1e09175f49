/** Koa's application, in which whoever waits for the end of an answer is told of it by one listener. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import Koa from 'koa'

type Told = (error: Error | null, response: ServerResponse) => void

/**
 * An answer with the list of those who wait for its end: the one that the package on-finished keeps, and looks for
 * before it begins one. Koa and much middleware wait by it.
 */
type WaitedFor = ServerResponse & { __onFinished?: { readonly queue: Told[] } | null }

/** Tells each of them once, with the error that broke the connection, or null. */
function tellAll(this: WaitedFor): void {
  const waiting = this.__onFinished?.queue ?? []
  this.__onFinished = null
  // An answer that was sent has no connection any more.
  const error = this.socket?.errored ?? null
  for (const tell of waiting) tell(error, this)
}

export class Application extends Koa {
  /**
   * Begins the list itself, where nobody has begun it before. on-finished would put four listeners on the answer and
   * its connection and take them away again, for a tenth or more of the processor's time of a request.
   */
  override createContext<StateT = Koa.DefaultState>(
    req: IncomingMessage,
    res: WaitedFor,
  ): Koa.ParameterizedContext<StateT> {
    if (!res.__onFinished) {
      res.__onFinished = { queue: [] }
      res.on('close', tellAll)
    }
    return super.createContext<StateT>(req, res)
  }
}
