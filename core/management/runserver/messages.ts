/** What the supervisor and its workers tell each other. */

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
