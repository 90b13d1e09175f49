/** Removes HTML tags and comments, in linear time, until none is left. */

const LESS = '<'.charCodeAt(0)
const GREATER = '>'.charCodeAt(0)
const COMMENT_END = /--!?\s*>/g

/** Whether a `<` before this character begins a tag: a letter, `/`, `!` or `?`. */
const isTagOpener = (code: number): boolean =>
  (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x2f || code === 0x21 || code === 0x3f

/** Finds where tags and comments end. A search that has failed once is not repeated. */
class TagScanner {
  readonly #text: string
  readonly #lastEnd: number
  readonly #lastQuote: Readonly<Record<string, number>>
  #hasCommentEnd = true
  #honoursQuotes = true

  constructor(text: string) {
    this.#text = text
    this.#lastEnd = text.lastIndexOf('>')
    this.#lastQuote = { '"': text.lastIndexOf('"'), "'": text.lastIndexOf("'") }
  }

  /** Index after the tag or comment that begins at `start`, or -1. */
  end(start: number): number {
    const text = this.#text
    if (start > this.#lastEnd || !isTagOpener(text.charCodeAt(start + 1))) return -1
    if (this.#hasCommentEnd && text.startsWith('<!--', start)) {
      COMMENT_END.lastIndex = start + 4
      if (COMMENT_END.test(text)) return COMMENT_END.lastIndex
      this.#hasCommentEnd = false
    }
    if (this.#honoursQuotes && /[A-Za-z]/.test(text[start + 1] as string)) {
      const end = this.#endOutsideQuotes(start + 2)
      if (end >= 0) return end
      this.#honoursQuotes = false
    }
    return text.indexOf('>', start + 1) + 1
  }

  /** Index after the next `>` outside the values of attributes. */
  #endOutsideQuotes(start: number): number {
    const text = this.#text
    let previous = ''
    for (let i = start; i < text.length; i++) {
      const character = text[i] as string
      if (character === '>') return i + 1
      if ((character === '"' || character === "'") && previous === '=' && i < (this.#lastQuote[character] as number)) {
        i = text.indexOf(character, i + 1)
      }
      if (character.trim() !== '') previous = character
    }
    return -1
  }
}

/** The string without its tags and comments; the rest may form new ones. */
function withoutMarkup(text: string): string {
  const scanner = new TagScanner(text)
  let out = ''
  let from = 0
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const end = scanner.end(at)
    if (end < 0) at++
    else {
      out += text.slice(from, at)
      from = at = end
    }
  }
  return out + text.slice(from)
}

/** The characters of `text` at these indexes, which ascend. */
function joinedPlaces(text: string, places: Uint32Array): string {
  let out = ''
  for (let i = 0; i < places.length; ) {
    const start = places[i] as number
    let end = start
    while (places[i] === end) {
      i++
      end++
    }
    out += text.slice(start, end)
  }
  return out
}

/**
 * The string without `<…>` that begin like a tag, also if removing one forms another. Of a tag that never ends,
 * only the `<` is removed.
 */
function withoutAngles(text: string): string {
  // Indexes in `text` of the characters that are kept.
  const kept = new Uint32Array(text.length)
  let count = 0
  // Indexes in `kept` of each `<` that begins a tag, or whose next character has not been read.
  const open = new Uint32Array(text.length)
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const last = depth === 0 ? -1 : (open[depth - 1] as number)
    if (code === GREATER && last >= 0 && last < count - 1) {
      count = last
      depth--
      continue
    }
    if (last >= 0 && last === count - 1 && code !== LESS && !isTagOpener(code)) depth--
    if (code === LESS) open[depth++] = count
    kept[count++] = i
  }
  const unclosed = new Set(open.subarray(0, depth))
  const rest = kept.subarray(0, count).filter((_, i) => !unclosed.has(i))
  return joinedPlaces(text, rest)
}

/**
 * Removes tags and comments. The result has no `<` before a letter, `/`, `!` or `?`, whatever the input: nothing in it
 * can become a tag.
 */
export function stripTags(value: string): string {
  if (!value.includes('<')) return value
  const rest = withoutMarkup(value)
  return rest.includes('<') ? withoutAngles(rest) : rest
}
