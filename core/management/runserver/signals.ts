/** Ctrl-C and SIGTERM: the first requests a clean stop, the second ends the process immediately. */
import { clock } from '#core/utils'

/** npm and a terminal both pass one Ctrl-C on, so that it arrives twice within this many milliseconds. */
const SAME_KEYSTROKE = 200

/** Calls `first` at the first signal and `again` at every later one. The function returned stops listening. */
export function onStopSignal(first: () => void, again: () => void): () => void {
  let stoppedAt: number | undefined
  const listener = (): void => {
    const now = clock.now()
    if (stoppedAt === undefined) {
      stoppedAt = now
      first()
    } else if (now - stoppedAt > SAME_KEYSTROKE) again()
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.removeListener(signal, listener)
  }
}
