/** A Koa application that survives errors that cannot be reported and listeners that throw. */
import type { EventEmitter } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import Koa, { type Middleware } from 'koa'
import { settings } from '#core/conf'
import { fastPaths, getLogger } from '#core/utils'
import { callListenersOnce } from './fast/response_end.ts'
import { guardProcess, requestStorage } from './process_guard.ts'

const log = getLogger('django.request')

/** Called before Koa listens for the end of a response, so that a listener that throws cannot crash the process. */
const prepareResponse = fastPaths ? callListenersOnce : surviveListeners

/** Ends a response that cannot be completed. */
function endBroken(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  response.statusCode = 500
  response.end('Server Error (500)')
}

/** Koa's own handler throws if the error is frozen, has getters that throw, or headers that cannot be sent. */
function onerror(this: Koa.Context, error: unknown): void {
  try {
    koaContext.onerror.call(this, error as Error)
  } catch (second) {
    log.error('An error could not be reported', error)
    log.error('Reporting it failed', second)
    try {
      endBroken(this.res)
    } catch {
      this.res.destroy()
    }
  }
}

const koaContext = new Koa().context

export class Application extends Koa {
  /** @param tracksRequests whether to track the current request by AsyncLocalStorage, which slows down promises */
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

  override createContext<StateT = Koa.DefaultState>(
    req: IncomingMessage,
    res: ServerResponse,
  ): Koa.ParameterizedContext<StateT> {
    prepareResponse(res)
    return super.createContext<StateT>(req, res)
  }
}

// The hook for the staticfiles app, whose middleware serves its files in development.

let make: (() => Middleware | undefined) | undefined

/** Registers the middleware that serves static files in development, before all others. For the staticfiles app. */
export function serveStaticFilesWith(factory: () => Middleware | undefined): void {
  make = factory
}

/**
 * The middleware that serves static files, if one is registered.
 * @param serve whether to serve them; DEBUG by default
 */
export const staticFilesMiddleware = (serve: boolean = settings.DEBUG): Middleware[] => {
  const middleware = serve ? make?.() : undefined
  return middleware === undefined ? [] : [middleware]
}

// The plain equivalent of fast/response_end.ts.

/** Events that signal the end of a response. */
const END_EVENTS: readonly unknown[] = ['finish', 'end', 'close', 'error']

const guarded = new WeakSet<EventEmitter>()

function guard(emitter: EventEmitter): void {
  if (guarded.has(emitter)) return
  guarded.add(emitter)
  const emit = emitter.emit.bind(emitter)
  emitter.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (!END_EVENTS.includes(event) || emitter.listenerCount(event) === 0) return emit(event, ...args)
    try {
      return emit(event, ...args)
    } catch (error) {
      // Thrown from an event handler, it would crash the process.
      log.error('A listener for the end of a response failed', error)
      return true
    }
  }
}

/** Must be called before anything listens for the end of the response. */
export function surviveListeners(response: ServerResponse & { readonly stream?: EventEmitter }): void {
  guard(response)
  // Over HTTP/2, the connection is shared by many responses.
  const connection = response.stream ?? response.socket
  if (connection !== null) guard(connection)
}
