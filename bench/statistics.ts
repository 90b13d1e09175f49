/** What several rounds say together. */

/** @throws RangeError when there is no value */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('No values have no median.')
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] as number) + (sorted[Math.floor(middle)] as number)) / 2
}

/** How far values lie from their median, at most, as a share of it; undefined for a single value. */
export function spread(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined
  const middle = median(values)
  return Math.max(...values.map((value) => Math.abs(value - middle))) / middle
}
