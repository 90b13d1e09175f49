/** Keeps the process of a server alive, or shuts it down, when code of the project fails outside a request. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { escapeControls, getLogger, ifReadable, surviveErrorsOf } from '#core/utils'

/** What the guard needs to know about a server. */
export interface Guarded {
  /** The requests without a complete response. */
  inProgress(): Iterable<IncomingMessage>
  /** Responds to them, within milliseconds, and closes. */
  stop(limit: number): Promise<void>
}

const log = getLogger('nuages.process')

/** The request that running code belongs to. Used only under DEBUG, because it makes every promise slower. */
export const requestStorage = new AsyncLocalStorage<{ readonly req: IncomingMessage }>()

/** Milliseconds that requests have after an uncaught exception; the one that failed may never get its response. */
const STOP_LIMIT = 3000

/** Requests that a message names at most. */
const MOST_NAMED = 5

const guarded = new Map<Server, Guarded>()
let ending = false

/** Without its query, which may hold a secret. */
const nameOf = ({ method, url = '' }: IncomingMessage): string => escapeControls(`${method} ${url.split('?')[0]}`)

/** The request in which something happened, as far as it is known. */
function whereabouts(): string {
  const current = requestStorage.getStore()
  if (current !== undefined) return ` in ${nameOf(current.req)}`
  const requests = [...guarded.values()].flatMap((each) => [...each.inProgress()])
  if (requests.length === 0) return ''
  const more = requests.length > MOST_NAMED ? ` and ${requests.length - MOST_NAMED} more` : ''
  return ` (requests in progress: ${requests.slice(0, MOST_NAMED).map(nameOf).join(', ')}${more})`
}

/** A rejection that nothing handles does not affect the requests of other clients: the process continues. */
function onRejection(reason: unknown): void {
  log.error(`Unhandled promise rejection${ifReadable(whereabouts) ?? ''}`, reason ?? String(reason))
}

/** The state of the process is unknown, as Node warns: it ends, and its supervisor starts it again. */
function onException(thrown: unknown): void {
  // A listener of the project decides instead.
  if (process.listenerCount('uncaughtException') > 1) return
  log.error(`Uncaught exception${ifReadable(whereabouts) ?? ''}: the process stops`, thrown ?? String(thrown))
  // A further exception while the process stops is logged, and changes nothing.
  if (!ending) void end()
  ending = true
}

async function end(): Promise<void> {
  await Promise.allSettled([...guarded.values()].map((each) => each.stop(STOP_LIMIT)))
  process.exit(1)
}

/** Node closes the connection of a CONNECT request without a word. */
function refuseTunnel(this: Server, _request: IncomingMessage, socket: Duplex): void {
  if (this.listenerCount('connect') > 1) return
  socket.on('error', () => {})
  socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy())
}

/** Too many connections (EMFILE) would end the process if nothing listened for the error. Open ones are not affected. */
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
 * Guards this process for as long as the server is open: unhandled rejections are logged and the process
 * continues, an uncaught exception ends it after the requests in progress, and a closed terminal has no effect.
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
