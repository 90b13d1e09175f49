/** Takes characters off the ends of a string. A regular expression such as `x+$` takes quadratic time for this. */

/** A string without the given characters at its end. */
export function trimEndOf(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text[end - 1] as string)) end--
  return text.slice(0, end)
}

/** A string without the given characters at either end. */
export function trimOf(text: string, characters: string): string {
  const left = trimEndOf(text, characters)
  let start = 0
  while (start < left.length && characters.includes(left[start] as string)) start++
  return left.slice(start)
}
