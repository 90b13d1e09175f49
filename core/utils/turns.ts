/** Turns of the event loop: what one brings can be done together at its end. */

let end: Promise<void> | undefined

/** Resolves at the end of the running turn, one and the same promise for all who ask in it. */
export function endOfTurn(): Promise<void> {
  return (end ??= new Promise((resolve) => {
    setImmediate(() => {
      end = undefined
      resolve()
    })
  }))
}
