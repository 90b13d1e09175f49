/** Splits the source of a template into text, `{{ variables }}` and `{% tags %}`. */
import { indexFinder } from '#core/utils'

export interface Token {
  readonly type: 'text' | 'variable' | 'tag'
  /** Text as it is; of variables and tags what is between the braces, trimmed. */
  readonly content: string
  /** Number of the line on which it begins, from 1. */
  readonly line: number
}

const CLOSE: Readonly<Record<string, string>> = { '{%': '%}', '{{': '}}', '{#': '#}' }

/** Finds the ends of tags, from left to right. Searches are remembered, so that the total time is linear. */
class TagEnds {
  readonly #source: string
  #lineEnd = -1
  readonly #closing: Readonly<Record<string, (from: number) => number>>
  /** Quotation marks that are opened but not closed on the current line. */
  readonly #unclosed = new Set<string>()

  constructor(source: string) {
    this.#source = source
    this.#closing = Object.fromEntries(Object.values(CLOSE).map((close) => [close, indexFinder(source, close)]))
  }

  /** Index after the closing braces of a tag that begins at `start`, or -1. A tag is on one line, as in Django. */
  after(start: number): number {
    const close = CLOSE[this.#source.slice(start, start + 2)] as string
    const line = this.#endOfLine(start)
    const plain = this.#closing[close]?.(start + 2) ?? -1
    if (plain < 0 || plain > line) return -1
    return close === '#}' ? plain + 2 : this.#outsideQuotes(close, start + 2, line, plain)
  }

  #endOfLine(start: number): number {
    if (this.#lineEnd < start) {
      const newline = this.#source.indexOf('\n', start)
      this.#lineEnd = newline < 0 ? this.#source.length : newline
      this.#unclosed.clear()
    }
    return this.#lineEnd
  }

  #outsideQuotes(close: string, from: number, line: number, plain: number): number {
    const source = this.#source
    let quote = ''
    for (let i = from; i < line; i++) {
      const character = source[i] as string
      if (quote !== '') {
        if (character === '\\') i++
        else if (character === quote) quote = ''
      } else if (character === '"' || character === "'") {
        if (this.#unclosed.has(character)) break
        quote = character
      } else if (source.startsWith(close, i)) return i + 2
    }
    // A quotation mark that is never closed is an ordinary character.
    if (quote !== '') this.#unclosed.add(quote)
    return plain + 2
  }
}

function countLines(text: string): number {
  let lines = 0
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) lines++
  return lines
}

/** The tokens of a template, without its `{# comments #}`. The content of `{% verbatim %}` is text. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  const opening = /\{[%{#]/g
  const ends = new TagEnds(source)
  let at = 0
  let line = 1
  let verbatim = ''
  const text = (end: number): void => {
    if (end > at) tokens.push({ type: 'text', content: source.slice(at, end), line })
    line += countLines(source.slice(at, end))
    at = end
  }
  for (let match = opening.exec(source); match !== null; match = opening.exec(source)) {
    const end = ends.after(match.index)
    if (end < 0) continue
    const inside = source.slice(match.index + 2, end - 2).trim()
    const isTag = match[0] === '{%'
    if (verbatim !== '' && !(isTag && inside === verbatim)) continue
    text(match.index)
    at = end
    opening.lastIndex = end
    if (isTag) verbatim = verbatim === '' && /^verbatim(\s|$)/.test(inside) ? `end${inside}` : ''
    if (match[0] !== '{#') tokens.push({ type: isTag ? 'tag' : 'variable', content: inside, line })
  }
  text(source.length)
  return tokens
}

const STRING = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/sy

/** Splits a tag at the spaces outside of quotation marks: `url 'a b' x|default:"c d"` has three words. */
export function words(content: string): string[] {
  const found: string[] = []
  // A quotation mark that is never closed is an ordinary character, and so is each later one of its kind.
  const unclosed = new Set<string>()
  let start = -1
  for (let i = 0; i <= content.length; i++) {
    const character = content[i] ?? ' '
    if (character.trim() === '') {
      if (start >= 0) found.push(content.slice(start, i))
      start = -1
      continue
    }
    if (start < 0) start = i
    if ((character !== '"' && character !== "'") || unclosed.has(character)) continue
    STRING.lastIndex = i
    if (STRING.test(content)) i = STRING.lastIndex - 1
    else unclosed.add(character)
  }
  return found
}
