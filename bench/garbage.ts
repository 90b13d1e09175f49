/** The collector, when it is wanted and not when it comes by itself, in a process that was started without a flag for it. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined

/** Resolves when two collections are over: what the first one finds dead may hold something until its finalizer has run. */
export async function collectGarbage(): Promise<void> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
  await nextTurn()
  collect()
}
