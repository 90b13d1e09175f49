/** Statistics over several rounds. */

/** @throws RangeError if there are no values */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('No values have no median.')
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] as number) + (sorted[Math.floor(middle)] as number)) / 2
}

/** The maximum deviation from the median, as a share of the median; undefined for fewer than two values. */
export function spread(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined
  const middle = median(values)
  return Math.max(...values.map((value) => Math.abs(value - middle))) / middle
}

/**
 * The relative rise of the regression line from the first point to the last: 0.1 is 10 % more.
 */
export function relativeRise(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const slope = mean(points.map(([x, y]) => (x - meanX) * (y - meanY))) / mean(points.map(([x]) => (x - meanX) ** 2))
  const at = (x: number): number => meanY + slope * (x - meanX)
  const [first = 0, last = 0] = [points[0]?.[0], points.at(-1)?.[0]]
  return at(last) / at(first) - 1
}
