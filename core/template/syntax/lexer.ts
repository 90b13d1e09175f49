/** Cuts a template's source into text, `{{ variables }}`, `{% tags %}` and comments, as Django does. */

export interface Token {
  readonly type: 'text' | 'variable' | 'tag'
  /** A text as it is; of the others what stands between the braces, trimmed. */
  readonly content: string
  /** Line on which it begins, from 1. */
  readonly line: number
}

const CLOSE: Readonly<Record<string, string>> = { '{%': '%}', '{{': '}}', '{#': '#}' }

/** Index after the closing braces of a tag that begins at `start`, or -1. A tag lies on one line, as in Django. */
function endOfTag(source: string, start: number): number {
  const close = CLOSE[source.slice(start, start + 2)] as string
  const newline = source.indexOf('\n', start)
  const line = newline < 0 ? source.length : newline
  const plain = source.indexOf(close, start + 2)
  if (plain < 0 || plain > line) return -1
  if (close === '#}') return plain + 2
  let quote = ''
  for (let i = start + 2; i < line; i++) {
    const character = source[i] as string
    if (quote !== '') {
      if (character === '\\') i++
      else if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (source.startsWith(close, i)) return i + 2
  }
  // A quotation mark that is never closed is none.
  return plain + 2
}

function countLines(text: string): number {
  let lines = 0
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) lines++
  return lines
}

/** The tokens of a template, without its `{# comments #}`. What lies within `{% verbatim %}` is text. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  const opening = /\{[%{#]/g
  let at = 0
  let line = 1
  let verbatim = ''
  const text = (end: number): void => {
    if (end > at) tokens.push({ type: 'text', content: source.slice(at, end), line })
    line += countLines(source.slice(at, end))
    at = end
  }
  for (let match = opening.exec(source); match !== null; match = opening.exec(source)) {
    const end = endOfTag(source, match.index)
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

/** The words of a tag, separated by spaces that are not within quotation marks: `url 'a b' x|default:"c d"`. */
export function words(content: string): string[] {
  return content.match(/(?:[^\s"']|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|["'])+/g) ?? []
}
