/** Keeps the server process running, or shuts it down, when project code fails outside a request. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { escapeControls, getLogger, ifReadable, surviveErrorsOf } from '#core/utils'

/** What the guard needs to know about a server. */
export interface Guarded {
  /** The requests without a complete response. */
  inProgress(): Iterable<IncomingMessage>
  /** Responds to them within `limit` milliseconds, and closes the server. */
  stop(limit: number): Promise<void>
}

const log = getLogger('nuages.process')

/** The current request. Used only under DEBUG, because it slows down all promises. */
export const requestStorage = new AsyncLocalStorage<{ readonly req: IncomingMessage }>()

/** Milliseconds for requests in progress after an uncaught exception. The failed one may never get a response. */
const STOP_LIMIT = 3000

/** Maximum number of requests in a log message. */
const MAX_NAMED = 5

const guarded = new Map<Server, Guarded>()
let ending = false

/** Omits the query, which may contain a secret. */
const nameOf = ({ method, url = '' }: IncomingMessage): string => escapeControls(`${method} ${url.split('?')[0]}`)

/** The current request, or else all requests in progress, for a log message. */
function requestContext(): string {
  const current = requestStorage.getStore()
  if (current !== undefined) return ` in ${nameOf(current.req)}`
  const requests = [...guarded.values()].flatMap((each) => [...each.inProgress()])
  if (requests.length === 0) return ''
  const more = requests.length > MAX_NAMED ? ` and ${requests.length - MAX_NAMED} more` : ''
  return ` (requests in progress: ${requests.slice(0, MAX_NAMED).map(nameOf).join(', ')}${more})`
}

/** An unhandled rejection does not affect other requests, so the process continues. */
function onRejection(reason: unknown): void {
  log.error(`Unhandled promise rejection${ifReadable(requestContext) ?? ''}`, reason ?? String(reason))
}

/** After an uncaught exception the state is undefined (see Node's docs): the process exits, to be restarted. */
function onException(thrown: unknown): void {
  // A listener of the project takes precedence.
  if (process.listenerCount('uncaughtException') > 1) return
  log.error(`Uncaught exception${ifReadable(requestContext) ?? ''}: the process stops`, thrown ?? String(thrown))
  // Further exceptions during shutdown are only logged.
  if (!ending) void end()
  ending = true
}

async function end(): Promise<void> {
  await Promise.allSettled([...guarded.values()].map((each) => each.stop(STOP_LIMIT)))
  process.exit(1)
}

/** Sends a 400 to CONNECT requests, whose connection Node closes without a response. */
function refuseTunnel(this: Server, _request: IncomingMessage, socket: Duplex): void {
  if (this.listenerCount('connect') > 1) return
  socket.on('error', () => {})
  socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy())
}

/** Without a listener, EMFILE (too many connections) would crash the process. Open connections are not affected. */
function onServerError(this: Server, error: NodeJS.ErrnoException): void {
  if (error.syscall === 'accept') log.error(`A connection could not be accepted: ${error.message}`)
  else if (this.listenerCount('error') === 1) throw error
}

function release(server: Server): void {
  guarded.delete(server)
  if (guarded.size > 0) return
  process.off('unhandledRejection', onRejection)
  process.off('uncaughtException', onException)
}

/**
 * Guards the process while the server is open: unhandled rejections are logged, an uncaught exception ends the process
 * after the requests in progress, and a closed terminal has no effect.
 */
export function guardProcess(server: Server, parts: Guarded): void {
  if (guarded.size === 0) process.on('unhandledRejection', onRejection).on('uncaughtException', onException)
  if (!guarded.has(server)) {
    server.on('connect', refuseTunnel).on('error', onServerError)
    server.once('close', () => release(server))
  }
  guarded.set(server, parts)
  for (const stream of [process.stdout, process.stderr]) surviveErrorsOf(stream)
}
