/**
 * A worker process of the supervisor: loads the framework, waits for the message to serve, and serves until it is
 * stopped. Also defines the messages between worker and supervisor.
 */
import type { GracefulServer } from '#core/handlers'

function send(message: FromWorker): void {
  process.send?.(message)
}

/** Queues messages for `next()`. */
class Mailbox {
  readonly #waiting: ((message: ToWorker) => void)[] = []
  readonly #arrived: ToWorker[] = []

  constructor() {
    process.on('message', (message) => {
      if (!isMessage(message)) return
      const next = this.#waiting.shift()
      if (next === undefined) this.#arrived.push(message as ToWorker)
      else next(message as ToWorker)
    })
  }

  next(): Promise<ToWorker> {
    const message = this.#arrived.shift()
    return message === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(message)
  }
}

/** Loads the framework. Errors are ignored here: they recur when the modules are used. */
async function warmUp(): Promise<void> {
  await Promise.allSettled([import('#core/handlers'), import('#core/db'), import('../run_checks.ts')])
}

/** Runs the worker until it is stopped. @param start loads the project and opens the port */
export async function work(start: (announces: boolean) => Promise<GracefulServer>): Promise<void> {
  // Ctrl-C reaches all processes of the terminal. The supervisor handles it.
  process.on('SIGINT', () => {})
  const mailbox = new Mailbox()
  const terminated = new Promise<ToWorker>((resolve) => {
    process.once('SIGTERM', () => resolve({ nuages: 'stop', grace: 0 }))
  })
  await warmUp()
  send({ nuages: 'warm' })
  const go = await Promise.race([mailbox.next(), terminated])
  if (go.nuages === 'stop') return
  const server = await start(go.announces)
  send({ nuages: 'ready' })
  const stop = await Promise.race([mailbox.next(), terminated])
  await server.stop({ grace: stop.nuages === 'stop' ? stop.grace : 0, limit: STOP_LIMIT })
}

/** From a worker. `warm`: the framework is loaded, but no code of the project. `ready`: the port is open. */
export type FromWorker = { readonly nuages: 'warm' | 'ready' }

/** To a worker. `go`: load the project and serve. `stop`: finish the pending requests and exit. */
export type ToWorker =
  | { readonly nuages: 'go'; readonly announces: boolean }
  | { readonly nuages: 'stop'; readonly grace: number }

export function isMessage(value: unknown): value is FromWorker | ToWorker {
  return typeof value === 'object' && value !== null && 'nuages' in value
}

/** The environment variable that marks a worker, named as in Django. */
export const WORKER_FLAG = 'RUN_MAIN'

/** Maximum time in milliseconds that a graceful stop waits for pending requests. */
export const STOP_LIMIT = 30_000

/** Milliseconds that a replaced worker waits for another request on a keep-alive connection. */
export const REPLACE_GRACE = 150
