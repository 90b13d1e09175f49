/** Turns of the event loop: what one brings can be done together at its end. */

let callbacks: (() => void)[] | undefined
let end: Promise<void> | undefined

function runTickEnd(): void {
  const due = callbacks ?? []
  callbacks = undefined
  for (const work of due) work()
}

/** Does a work when the running turn ends, or is ended early. */
export function onTickEnd(work: () => void): void {
  if (callbacks === undefined) {
    callbacks = []
    setImmediate(runTickEnd)
  }
  callbacks.push(work)
}

/** Resolves at the end of the running turn, one and the same promise for all who ask in it. */
export function tickEnd(): Promise<void> {
  return (end ??= new Promise((resolve) => {
    onTickEnd(() => {
      end = undefined
      resolve()
    })
  }))
}

/** Ends the turn for all who wait for that, as soon as everything is done that follows from what has just come. */
export function flushTick(): void {
  // A tick that is asked for while promises are followed comes after the last of them.
  process.nextTick(runTickEnd)
}

/** Begins work, and gives what it throws at once as its promise's error, too. */
export function promiseTry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work()
  } catch (error) {
    return Promise.reject(error)
  }
}
