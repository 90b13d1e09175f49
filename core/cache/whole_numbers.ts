/** Whole numbers as text, as Django keeps them on servers that can add to them. */

/** Of more digits than this, Python makes no number. */
const WHOLE = /^-?\d{1,4300}$/

/** The text of a whole number; undefined for any other value. */
export function wholeText(value: unknown): string | undefined {
  const isWhole = typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))
  const text = isWhole ? String(value) : ''
  return WHOLE.test(text) ? text : undefined
}

/** The number of such a text; undefined for any other. */
export function wholeNumber(text: string): number | bigint | undefined {
  if (!WHOLE.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value + 0 : BigInt(text)
}
