/** When a response has ended: for work that the client must neither wait for nor be able to measure. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { HttpRequest } from './view.ts'

/** Milliseconds after which a response counts as one that is never sent, such as that of a view that a test calls. */
const LONGEST_WAIT = 10_000

/** Resolves in a later turn of the event loop after the response was sent or aborted. */
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
