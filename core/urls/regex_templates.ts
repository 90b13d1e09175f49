/** The URL templates of a regular expression: one text that it matches, with places for its groups. */
import { literalOf, type Token } from './regex_tokens.ts'
import { combine, type Template } from './template.ts'

/** Alternatives outside of a capturing group: there is no telling which to write. */
class Undecidable extends Error {}

const SAMPLES: Record<string, string> = { d: '0', D: 'x', w: 'x', W: '!', s: ' ', S: 'x', n: '\n', r: '\r', t: '\t' }
const MATCHES_NOTHING = new Set(['A', 'Z', 'z', 'b', 'B'])

/** A character that an escape matches; empty for those that match a position. */
function sampleOf(escape: string): string {
  const letter = escape.slice(1)
  return literalOf(escape) ?? (MATCHES_NOTHING.has(letter) ? '' : (SAMPLES[letter] ?? letter))
}

function sampleOfClass(text: string): string {
  if (text.startsWith('[^')) return 'x'
  const [first = ''] = /\\[^]|[^]/u.exec(text.slice(1)) ?? []
  return first.startsWith('\\') ? sampleOf(first) : first
}

/** How often at least: `?` and `*` 0, `+` 1, `{3,}` 3. */
function leastOf(quantifier: string): number {
  if (quantifier.startsWith('+')) return 1
  return Number(/^\{(\d+)/.exec(quantifier)?.[1] ?? 0)
}

type Alternatives = readonly Template[]

const hasPlace = (alternatives: Alternatives): boolean => alternatives.flat().some((part) => typeof part !== 'string')

/** What a quantified item becomes: as few of it as may be, but what has a place may be there or not. */
function repeated(item: Alternatives, quantifier: string): Alternatives[] {
  const least = leastOf(quantifier)
  if (least > 0) return Array.from({ length: least }, () => item)
  return hasPlace(item) ? [[[], ...item]] : []
}

class Reader {
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /** Reads up to the end of the group that is open, or of the expression. */
  sequence(): Alternatives {
    const items: Alternatives[] = []
    for (let token = this.#take(); token !== undefined; token = this.#take()) {
      if (token.kind === 'close') break
      if (token.kind === 'quantifier') items.push(...repeated(items.pop() ?? [], token.text))
      else items.push(this.#item(token))
    }
    return combine(items)
  }

  #item({ kind, text, name }: Token): Alternatives {
    switch (kind) {
      case 'text':
        return [[text]]
      case 'any':
        return [['.']]
      case 'escape':
        return [[sampleOf(text)]]
      case 'class':
        return [[sampleOfClass(text)]]
      case 'group':
        return this.sequence()
      case 'capture':
        this.#skipGroup()
        return [[{ name }]]
      case 'look':
        this.#skipGroup()
        return [[]]
      case 'or':
        throw new Undecidable()
      default:
        return [[]]
    }
  }

  #take(): Token | undefined {
    return this.#tokens[this.#next++]
  }

  #skipGroup(): void {
    for (let open = 1; open > 0; ) {
      const kind = this.#take()?.kind
      if (kind === undefined) return
      if (kind === 'close') open -= 1
      if (kind === 'group' || kind === 'capture' || kind === 'look') open += 1
    }
  }
}

/** The templates of an expression; as in Django, one that has alternatives outside of a group has the empty text only. */
export function templatesOf(tokens: readonly Token[]): Alternatives {
  try {
    return new Reader(tokens).sequence()
  } catch (error) {
    if (error instanceof Undecidable) return [[]]
    throw error
  }
}
