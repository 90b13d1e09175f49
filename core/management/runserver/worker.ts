/**
 * A worker of the supervisor: loads the framework, waits until it may serve, serves until it is stopped. With the messages
 * between the two.
 */
import type { GracefulServer } from '#core/handlers'

function tell(message: FromWorker): void {
  process.send?.(message)
}

/** Passes each message, in order, to the next call that waits for one. */
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

/** Loads the framework. What is wrong with it shows when it is used. */
async function warmUp(): Promise<void> {
  await Promise.allSettled([import('#core/handlers'), import('#core/db'), import('../run_checks.ts')])
}

/** @param start loads the project and opens the port */
export async function work(start: (announces: boolean) => Promise<GracefulServer>): Promise<void> {
  // Ctrl-C reaches every process of the terminal; the supervisor decides.
  process.on('SIGINT', () => {})
  const mailbox = new Mailbox()
  const terminated = new Promise<ToWorker>((resolve) => {
    process.once('SIGTERM', () => resolve({ nuages: 'stop', grace: 0 }))
  })
  await warmUp()
  tell({ nuages: 'warm' })
  const go = await Promise.race([mailbox.next(), terminated])
  if (go.nuages === 'stop') return
  const server = await start(go.announces)
  tell({ nuages: 'ready' })
  const stop = await Promise.race([mailbox.next(), terminated])
  await server.stop({ grace: stop.nuages === 'stop' ? stop.grace : 0, limit: STOP_LIMIT })
}

/** From a worker. `warm`: the framework is loaded, no code of the project yet. `ready`: the port is open. */
export type FromWorker = { readonly nuages: 'warm' | 'ready' }

/** To a worker. `go`: load the project and serve. `stop`: answer what came in, then end. */
export type ToWorker =
  | { readonly nuages: 'go'; readonly announces: boolean }
  | { readonly nuages: 'stop'; readonly grace: number }

export function isMessage(value: unknown): value is FromWorker | ToWorker {
  return typeof value === 'object' && value !== null && 'nuages' in value
}

/** Set in a worker's environment, with Django's name for it. */
export const WORKER_FLAG = 'RUN_MAIN'

/** Milliseconds that a clean stop waits for requests that are being answered. */
export const STOP_LIMIT = 30_000

/** Milliseconds that a worker which is replaced waits for the next request of a connection that is kept alive. */
export const REPLACE_GRACE = 150
