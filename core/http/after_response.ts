/** When a response is over: for work that the client shall neither wait for nor measure. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { HttpRequest } from './view.ts'

/** Milliseconds after which a response is taken for one that is never sent, as that of a view called by a test. */
const LONGEST_WAIT = 10_000

/** Resolves in a turn of the event loop after the response was sent or given up. */
export async function responseClosed({ res }: HttpRequest): Promise<void> {
  if (!res.destroyed && !res.closed) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LONGEST_WAIT)
      res.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
  await nextTurn()
}
