/** Regular expressions as settings have them: as such, or as a text copied out of a Django project. */

/** Whether one of the patterns is found in a text. What a pattern remembers of an earlier search does not matter. */
export function someMatch(patterns: readonly RegExp[], text: string): boolean {
  return patterns.some((pattern) => text.search(pattern) >= 0)
}

export const compiled = (patterns: readonly (RegExp | string)[]): RegExp[] =>
  patterns.map((pattern) => new RegExp(pattern))
