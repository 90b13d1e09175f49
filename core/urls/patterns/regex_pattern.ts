/** The pattern of `rePath(/^old\/(?<year>[0-9]{4})\/$/, …)`: a regular expression, JavaScript's or Python's. */
import { fromPython, literalOf, type Token, tokensOf } from './python_regex.ts'
import { combine, type MatchedStart, type PathPattern, type Template } from './pattern.ts'
import { ImproperlyConfigured } from '#core/exceptions'

// The URL templates of a regular expression: a string that it matches, with slots for its groups.

/** Alternatives outside a capturing group, which cannot be reversed. */
class Undecidable extends Error {}

const SAMPLES: Record<string, string> = { d: '0', D: 'x', w: 'x', W: '!', s: ' ', S: 'x', n: '\n', r: '\r', t: '\t' }
const MATCHES_NOTHING = new Set(['A', 'Z', 'z', 'b', 'B'])

/** A character that an escape matches; empty for assertions. */
function sampleOf(escape: string): string {
  const letter = escape.slice(1)
  return literalOf(escape) ?? (MATCHES_NOTHING.has(letter) ? '' : (SAMPLES[letter] ?? letter))
}

function sampleOfClass(text: string): string {
  if (text.startsWith('[^')) return 'x'
  const [first = ''] = /\\[^]|[^]/u.exec(text.slice(1)) ?? []
  return first.startsWith('\\') ? sampleOf(first) : first
}

/** The minimum of a quantifier: 0 for `?` and `*`, 1 for `+`, 3 for `{3,}`. */
function minimumOf(quantifier: string): number {
  if (quantifier.startsWith('+')) return 1
  return Number(/^\{(\d+)/.exec(quantifier)?.[1] ?? 0)
}

type Alternatives = readonly Template[]

const hasSlot = (alternatives: Alternatives): boolean => alternatives.flat().some((part) => typeof part !== 'string')

/** Repeats an item the minimum number of times. An optional item with slots gives two alternatives. */
function repeated(item: Alternatives, quantifier: string): Alternatives[] {
  const least = minimumOf(quantifier)
  if (least > 0) return Array.from({ length: least }, () => item)
  return hasSlot(item) ? [[[], ...item]] : []
}

class Reader {
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /** Reads to the end of the current group or of the expression. */
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

/** The templates of an expression. As in Django, only the empty one if it has alternatives outside a group. */
function templatesOf(tokens: readonly Token[]): Alternatives {
  try {
    return new Reader(tokens).sequence()
  } catch (error) {
    if (error instanceof Undecidable) return [[]]
    throw error
  }
}

interface Expression {
  readonly text: string
  readonly source: string
  readonly flags: string
  readonly tokens: readonly Token[]
}

function read(regex: RegExp | string): Expression {
  if (typeof regex === 'string') {
    const { source, flags } = fromPython(regex)
    return { text: regex, source, flags: `u${flags}`, tokens: tokensOf(regex, 'python') }
  }
  // A global or sticky RegExp keeps `lastIndex`, at which the next request would start.
  const flags = regex.flags.replaceAll(/[dgy]/g, '')
  const text = regex.source === '(?:)' ? '' : regex.source.replaceAll('\\/', '/')
  return { text, source: regex.source, flags, tokens: tokensOf(regex.source, 'javascript') }
}

function compile({ text, source, flags }: Expression, isWhole: boolean): RegExp {
  try {
    return new RegExp(isWhole ? `^(?:${source})$` : source, flags)
  } catch (error) {
    throw new ImproperlyConfigured(`'${text}' is not a valid regular expression: ${(error as Error).message}`)
  }
}

/** The complete segments that every match starts with. */
function literalSegmentsOf({ tokens, flags }: Expression): string[] {
  if (tokens[0]?.kind !== 'start' || /[im]/.test(flags) || tokens.some(({ kind }) => kind === 'or')) return []
  let literal = ''
  for (const [i, { kind, text }] of tokens.entries()) {
    if (i === 0) continue
    const character = kind === 'text' ? text : kind === 'escape' ? literalOf(text) : undefined
    if (character === undefined || tokens[i + 1]?.kind === 'quantifier') break
    literal += character
  }
  return literal.split('/').slice(0, -1)
}

export class RegexPattern implements PathPattern {
  readonly text: string
  readonly regexText: string
  readonly templates: readonly Template[]
  readonly literalSegments: readonly string[]
  readonly isLiteral = false
  readonly #regex: RegExp
  readonly #hasNames: boolean

  /** @param isEndpoint whether it is for a view: then an expression that ends with `$` must match the whole path */
  constructor(regex: RegExp | string, isEndpoint: boolean) {
    const expression = read(regex)
    this.text = expression.text
    this.regexText = expression.text.replace(/^\^/, '')
    this.templates = templatesOf(expression.tokens)
    this.literalSegments = literalSegmentsOf(expression)
    this.#regex = compile(expression, isEndpoint && this.text.endsWith('$'))
    this.#hasNames = expression.tokens.some(({ kind, name }) => kind === 'capture' && name !== undefined)
  }

  match(path: string): MatchedStart | undefined {
    const found = this.#regex.exec(path)
    if (found === null) return undefined
    const rest = path.slice(found.index + found[0].length)
    if (!this.#hasNames) return { rest, args: found.slice(1), kwargs: {} }
    const named = Object.entries(found.groups ?? {}).filter(([, value]) => value !== undefined)
    return { rest, args: [], kwargs: Object.fromEntries(named) }
  }
}
