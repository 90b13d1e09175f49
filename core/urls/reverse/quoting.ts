/** Percent-encodes the parts of a URL and formats values for messages, as in Django and Python. */

// A lone surrogate cannot be encoded in UTF-8.
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\uFFFD')

/** Quotes a path, except for `/` and the characters that RFC 3986 allows in a segment. */
export function quotePath(path: string): string {
  return encodeURI(wellFormed(path)).replaceAll(/[?#]/g, encodeURIComponent)
}

/** Escapes the second of two leading slashes, which would make the path a URL of another host. */
export function escapeLeadingSlashes(url: string): string {
  return url.startsWith('//') ? `/%2F${url.slice(2)}` : url
}

/** Quotes a key or value of a query string, with spaces as `+`. */
function quoteQuery(text: string): string {
  const encoded = encodeURIComponent(wellFormed(text))
  return encoded
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

export type QueryValue = string | number | bigint | boolean

/** The data of a query string. The key of a list is repeated for each item; undefined values are omitted. */
export type Query =
  | URLSearchParams
  | Readonly<Record<string, QueryValue | readonly QueryValue[] | undefined>>
  | readonly (readonly [string, QueryValue | readonly QueryValue[] | undefined])[]

function entriesOf(query: Query): Iterable<readonly [string, unknown]> {
  if (query instanceof URLSearchParams || Array.isArray(query)) return query as Iterable<readonly [string, unknown]>
  return Object.entries(query)
}

/**
 * Encodes a query string, without the question mark.
 * @throws TypeError for null
 */
export function urlencode(query: Query): string {
  const pairs: string[] = []
  for (const [key, value] of entriesOf(query)) {
    const values = (Array.isArray(value) ? value : [value]) as (QueryValue | null | undefined)[]
    for (const each of values) {
      if (each === undefined) continue
      if (each === null) {
        throw new TypeError(
          `Cannot encode null for key '${key}' in a query string. Did you mean to pass an empty string or omit the value?`,
        )
      }
      pairs.push(`${quoteQuery(key)}=${quoteQuery(String(each))}`)
    }
  }
  return pairs.join('&')
}

/** Quotes a fragment, which is given without `#`. */
export function quoteFragment(fragment: string): string {
  return encodeURI(wellFormed(fragment)).replaceAll('#', '%23')
}

// Formats values as Python does, for messages that equal Django's.

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

/** Python's `repr()` of a tuple: `('a', 2)`, or `('a',)` for a single value. */
export function pythonTuple(values: readonly unknown[]): string {
  return `(${values.map(pythonText).join(', ')}${values.length === 1 ? ',' : ''})`
}
