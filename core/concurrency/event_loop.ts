/** Ticks of the event loop: work that one tick brings can be done together at its end. */

let callbacks: (() => void)[] | undefined
let end: Promise<void> | undefined

function runTickEnd(): void {
  const due = callbacks ?? []
  callbacks = undefined
  for (const work of due) work()
}

/** Calls `work` when the current tick ends or is flushed. */
export function onTickEnd(work: () => void): void {
  if (callbacks === undefined) {
    callbacks = []
    setImmediate(runTickEnd)
  }
  callbacks.push(work)
}

/** Resolves at the end of the current tick. All callers in one tick share the promise. */
export function tickEnd(): Promise<void> {
  return (end ??= new Promise((resolve) => {
    onTickEnd(() => {
      end = undefined
      resolve()
    })
  }))
}

/** Runs what waits for the end of the tick, as soon as the pending promise callbacks have run. */
export function flushTick(): void {
  // nextTick() callbacks that are added by a promise callback run after the last promise callback.
  process.nextTick(runTickEnd)
}

/** Calls `work`. A synchronous throw becomes a rejection, as with `Promise.try`. */
export function promiseTry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work()
  } catch (error) {
    return Promise.reject(error)
  }
}
