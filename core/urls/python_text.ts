/** Values written as Python writes them, for messages that have to read as Django's. */

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\', [quote]: `\\${quote}` }
  return `${quote}${text.replaceAll(/[\n\r\t\\'"]/g, (character) => escapes[character] ?? character)}${quote}`
}

const CONSTANTS = new Map<unknown, string>([
  [undefined, 'None'],
  [null, 'None'],
  [true, 'True'],
  [false, 'False'],
])

/** Python's `repr()` of a value: `{'pk': 68, 'tags': ['a', None]}`. */
export function pythonText(value: unknown): string {
  const constant = CONSTANTS.get(value)
  if (constant !== undefined) return constant
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(pythonText).join(', ')}]`
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    const items = Object.entries(value).map(([key, each]) => `${quoted(key)}: ${pythonText(each)}`)
    return `{${items.join(', ')}}`
  }
  return String(value)
}

/** A tuple of values: `('a', 2)`, and `('a',)` where there is one. */
export function pythonTuple(values: readonly unknown[]): string {
  return `(${values.map(pythonText).join(', ')}${values.length === 1 ? ',' : ''})`
}
