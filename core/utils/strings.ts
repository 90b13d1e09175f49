/** Trims, searches and measures strings in linear time. A regular expression such as `x+$` takes quadratic time. */

/** Removes the given characters from the end of a string. */
export function trimEndOf(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text[end - 1] as string)) end--
  return text.slice(0, end)
}

/** Removes the given characters from both ends of a string. */
export function trimOf(text: string, characters: string): string {
  const left = trimEndOf(text, characters)
  let start = 0
  while (start < left.length && characters.includes(left[start] as string)) start++
  return left.slice(start)
}

/**
 * Returns `text.indexOf(wanted, from)` for values of `from` that never become smaller. All calls together take linear
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

/** Whether a string has more than `limit` characters (code points), in a time that does not depend on its length. */
export const isLongerThan = (value: string, limit: number): boolean =>
  // A character has one or two code units, so that only lengths between the two limits have to be counted.
  value.length > limit && (value.length > 2 * limit || Array.from(value).length > limit)
