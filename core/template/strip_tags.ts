/** Removes HTML tags and comments in linear time. */

const LESS = '<'.charCodeAt(0)
const GREATER = '>'.charCodeAt(0)
const COMMENT_END = /--!?\s*>/g

/** Whether `<` before this character starts a tag: a letter, `/`, `!` or `?`. */
const isTagOpener = (code: number): boolean =>
  (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x2f || code === 0x21 || code === 0x3f

/** Finds the ends of tags and comments. A search that has failed is not repeated, so that the total time is linear. */
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

  /** Index after the tag or comment that starts at `start`, or -1. */
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

  /** Index after the next `>` outside of attribute values. */
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

/** Removes tags and comments once. What remains may form new ones. */
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

/** The characters of `text` at some indexes, in ascending order. */
function charactersAt(text: string, indexes: Uint32Array): string {
  let out = ''
  for (let i = 0; i < indexes.length; ) {
    const start = indexes[i] as number
    let end = start
    while (indexes[i] === end) {
      i++
      end++
    }
    out += text.slice(start, end)
  }
  return out
}

/**
 * Removes every `<…>` that starts like a tag, including those that form when another is removed. If the end is missing,
 * only the `<` is removed.
 */
function withoutAngleBrackets(text: string): string {
  // Indexes in `text` of the characters that are kept.
  const kept = new Uint32Array(text.length)
  let count = 0
  // Indexes in `kept` of each `<` that starts a tag, or whose next character has not been read.
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
  return charactersAt(text, rest)
}

/** Removes tags and comments. The result never has `<` before a letter, `/`, `!` or `?`, so no part of it is a tag. */
export function stripTags(value: string): string {
  if (!value.includes('<')) return value
  const rest = withoutMarkup(value)
  return rest.includes('<') ? withoutAngleBrackets(rest) : rest
}
