/** A worker of the supervisor: loads the framework, waits until it may serve, serves until it is stopped. */
import type { GracefulServer } from '#core/handlers'
import { type FromWorker, isMessage, STOP_LIMIT, type ToWorker } from './messages.ts'

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
