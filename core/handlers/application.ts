/** Koa's application, in which whoever waits for the end of an answer is told of it by one listener. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import Koa, { type Middleware } from 'koa'
import { getLogger } from '#core/utils'
import { guardProcess, requestStorage } from './process_guard.ts'
import { settings } from '#core/conf'

const log = getLogger('django.request')

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
  for (const tell of waiting) {
    try {
      tell(error, this)
    } catch (failure) {
      // Thrown out of an event, it would end the process.
      log.error('A listener for the end of a response failed', failure)
    }
  }
}

/** Ends a response that cannot be completed. */
function giveUp(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  response.statusCode = 500
  response.end('Server Error (500)')
}

/** Koa's own throws if the error is frozen, has getters that throw, or headers that cannot be sent. */
function onerror(this: Koa.Context, error: unknown): void {
  try {
    koaContext.onerror.call(this, error as Error)
  } catch (second) {
    log.error('An error could not be reported', error)
    log.error('Reporting it failed', second)
    try {
      giveUp(this.res)
    } catch {
      this.res.destroy()
    }
  }
}

const koaContext = new Koa().context

export class Application extends Koa {
  /** @param tracksRequests whether promises remember the request that they were made for, which makes them slower */
  constructor(tracksRequests = false) {
    super(tracksRequests ? { asyncLocalStorage: requestStorage as never } : {})
    Object.assign(this.context, { onerror })
  }

  override listen(...args: unknown[]): Server {
    const server = (super.listen as (...args: unknown[]) => Server)(...args)
    guardProcess(server, {
      inProgress: () => [],
      stop: (limit) => {
        setTimeout(() => server.closeAllConnections(), limit)
        return new Promise((resolve) => server.close(() => resolve()))
      },
    })
    return server
  }

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

// Where the staticfiles app puts the middleware that serves its files in development.

let make: (() => Middleware | undefined) | undefined

/** Has static files served in development by a middleware, in front of all others; the staticfiles app calls it. */
export function serveStaticFilesWith(factory: () => Middleware | undefined): void {
  make = factory
}

/**
 * The middleware that serves static files, where there is one.
 * @param serve whether they are served at all; as DEBUG says where undefined
 */
export const staticFilesMiddleware = (serve: boolean = settings.DEBUG): Middleware[] => {
  const middleware = serve ? make?.() : undefined
  return middleware === undefined ? [] : [middleware]
}
