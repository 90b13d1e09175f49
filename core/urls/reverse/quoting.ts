/** Percent-encoding of the parts of a URL, and values in messages, as in Django and Python. */

// Half of a surrogate pair is no character and has no encoding.
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\uFFFD')

/** A path: what RFC 3986 allows within a segment stays as it is, and so does `/`. */
export function quotePath(path: string): string {
  return encodeURI(wellFormed(path)).replaceAll(/[?#]/g, encodeURIComponent)
}

/** A path that begins with two slashes would lead to another host. */
export function escapeLeadingSlashes(url: string): string {
  return url.startsWith('//') ? `/%2F${url.slice(2)}` : url
}

/** A key or a value of a query string, a space as `+`. */
function quoteQuery(text: string): string {
  const encoded = encodeURIComponent(wellFormed(text))
  return encoded
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

export type QueryValue = string | number | bigint | boolean

/** What a query string is made from. A list gives its key several times; what is undefined is left out. */
export type Query =
  | URLSearchParams
  | Readonly<Record<string, QueryValue | readonly QueryValue[] | undefined>>
  | readonly (readonly [string, QueryValue | readonly QueryValue[] | undefined])[]

function entriesOf(query: Query): Iterable<readonly [string, unknown]> {
  if (query instanceof URLSearchParams || Array.isArray(query)) return query as Iterable<readonly [string, unknown]>
  return Object.entries(query)
}

/**
 * A query string without its question mark.
 * @throws TypeError for null: it has no text
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

/** A fragment without its hash sign. */
export function quoteFragment(fragment: string): string {
  return encodeURI(wellFormed(fragment)).replaceAll('#', '%23')
}

// Values written as Python writes them, for messages that have to read as Django's.

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
