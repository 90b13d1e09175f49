/**
 * What another program wrote and JavaScript would lose, remembered beside the object or list it stands in: that a 1 was
 * a 1.0, a list a tuple, a key a number. So writing gives back what was not changed, in JSON as in a pickle.
 */

export interface Spelling {
  /** By key or index: a number's text in JSON, and its value to tell whether it was changed. */
  numbers?: Map<string, { text: string; value: number }>
  /** All keys in their order, where JavaScript would put number-like ones first. */
  order?: string[]
  /** Keys that are no text, by the text that stands for them: their pickle. */
  keys?: Map<string, string>
  /** What a list, a set or bytes are called in Python, where that is not the first thing to think of. */
  kind?: 'tuple' | 'frozenset' | 'bytearray'
}

const spellings = new WeakMap<object, Spelling>()
/** Most processes never meet a value that needs its spelling kept; they need not look for one at every write. */
let anySpellings = false

export const spellingOf = (container: object): Spelling | undefined =>
  anySpellings ? spellings.get(container) : undefined

/** The spelling of a container, to note something in. */
export function noteSpelling(container: object): Spelling {
  anySpellings = true
  let spelling = spellings.get(container)
  if (spelling === undefined) spellings.set(container, (spelling = {}))
  return spelling
}

/** The text of a number as it was read, if it is still that number. */
export function spelledNumber(spelling: Spelling | undefined, key: string, value: unknown): string | undefined {
  const spelled = spelling?.numbers?.get(key)
  return spelled !== undefined && Object.is(spelled.value, value) ? spelled.text : undefined
}

/** The keys in the order they were read in; those that came later behind them. */
export function spelledKeys(object: object, spelling: Spelling | undefined): string[] {
  const order = spelling?.order
  if (order === undefined) return Object.keys(object)
  const known = new Set(order)
  return [...order.filter((key) => Object.hasOwn(object, key)), ...Object.keys(object).filter((key) => !known.has(key))]
}

/** A float as Python's repr() and its json write it. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent = ''] = value.toExponential().split('e')
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
  }
  const text = Object.is(value, -0) ? '-0' : String(value)
  return text.includes('.') ? text : `${text}.0`
}
