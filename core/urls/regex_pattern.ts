/** The pattern of `rePath(/^old\/(?<year>[0-9]{4})\/$/, …)`: a regular expression, JavaScript's or Python's. */
import { ImproperlyConfigured } from '#core/exceptions'
import type { MatchedStart, PathPattern } from './path_pattern.ts'
import { fromPython } from './python_regex.ts'
import { literalOf, type Token, tokensOf } from './regex_tokens.ts'
import { templatesOf } from './regex_templates.ts'
import type { Template } from './template.ts'

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
  // A RegExp that is global or sticky remembers where it stopped: the next request would begin there.
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

/** The segments, closed by a slash, that every match begins with. */
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

  /** @param isEndpoint whether it leads to a view; one that ends with `$` then has to match the whole path */
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
