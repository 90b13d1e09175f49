/** Finds a string in a text from places that ascend, without searching any stretch twice. */

/**
 * Gives `text.indexOf(wanted, from)` for values of `from` that never become smaller. All calls together take linear
 * time, also where the string is absent.
 */
export function indexFinder(text: string, wanted: string): (from: number) => number {
  let next = -1
  let isOver = false
  return (from) => {
    if (!isOver && next < from) {
      next = text.indexOf(wanted, from)
      isOver = next < 0
    }
    return isOver ? -1 : next
  }
}
