/** Translates Python's regular expressions to JavaScript's, token by token. */

// A tokenizer for the regular expressions of Python and JavaScript.

export type Dialect = 'python' | 'javascript'

export interface Token {
  readonly kind:
    | 'text'
    | 'escape'
    | 'class'
    | 'any'
    | 'start'
    | 'end'
    | 'or'
    | 'quantifier'
    | 'group'
    | 'capture'
    | 'look'
    | 'close'
    | 'flags'
    | 'comment'
  /** As written. */
  readonly text: string
  /** The name of a named group, or of the group that is referenced. */
  readonly name?: string | undefined
}

const ESCAPE = String.raw`\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|u\{[\da-fA-F]+\}|[pP]\{[^}]*\}|k<\w+>|[1-9]\d*|[^])`
const GROUP = String.raw`\(\?P=(?<reference>\w+)\)|\((?:\?(?:P?<(?<name>[\p{L}_$][\p{L}\p{N}_$]*)>|:|<?[=!]))?`
const REST = String.raw`(?<flags>\(\?[aiLmsux]+\))|(?<comment>\(\?#[^)]*\))|${GROUP}|[*+?]\??|\{(?:\d+(?:,\d*)?|,\d+)\}\??|[^]`
// In Python, a `]` at the start of a class is a literal character.
const CLASS = {
  python: String.raw`\[\^?\]?(?:\\[^]|[^\]\\])*\]`,
  javascript: String.raw`\[(?:\\[^]|[^\]\\])*\]`,
}

const KINDS: Record<string, Token['kind']> = {
  '.': 'any',
  '^': 'start',
  $: 'end',
  '|': 'or',
  ')': 'close',
  '(?:': 'group',
  '(?=': 'look',
  '(?!': 'look',
  '(?<=': 'look',
  '(?<!': 'look',
}

function kindOf(text: string): Token['kind'] {
  const known = KINDS[text]
  if (known !== undefined) return known
  if (text.startsWith('\\')) return 'escape'
  if (text.length > 1 && text.startsWith('[')) return 'class'
  if (text.startsWith('(')) return 'capture'
  if (/^[*+?]/.test(text) || /^\{.+\}/.test(text)) return 'quantifier'
  return 'text'
}

/** Splits a regular expression into tokens. Malformed parts become text; compiling the expression reports them. */
export function tokensOf(source: string, dialect: Dialect): Token[] {
  const token = new RegExp(`${ESCAPE}|${CLASS[dialect]}|${REST}`, 'gu')
  return Array.from(source.matchAll(token), ({ 0: text, groups = {} }): Token => {
    if (groups.flags !== undefined) return { kind: 'flags', text }
    if (groups.comment !== undefined) return { kind: 'comment', text }
    if (groups.reference !== undefined) return { kind: 'escape', text: `\\k<${groups.reference}>` }
    return { kind: kindOf(text), text, name: groups.name }
  })
}

/** The character of an escaped literal: `.` for `\.`, but undefined for `\d`. */
export function literalOf(escape: string): string | undefined {
  return /^\\[^a-zA-Z0-9]$/u.test(escape) ? escape.slice(1) : undefined
}

const SYNTAX = /[$()*+./?[\\\]^{|}]/

// Python's \w and \d match the letters and digits of all scripts.
const ESCAPES: Record<string, string> = {
  '\\A': '^',
  '\\Z': '$',
  '\\z': '$',
  '\\d': '\\p{Nd}',
  '\\D': '\\P{Nd}',
  '\\w': '[\\p{L}\\p{N}_]',
  '\\W': '[^\\p{L}\\p{N}_]',
}
const ESCAPES_IN_CLASS: Record<string, string> = { ...ESCAPES, '\\w': '\\p{L}\\p{N}_', '\\W': '\\W' }

/** Removes unnecessary backslashes, which JavaScript's unicode mode rejects. */
function escaped(text: string): string {
  const literal = literalOf(text)
  return literal === undefined || SYNTAX.test(literal) ? text : literal
}

function classOf(text: string): string {
  const [, open = '', first = '', rest = ''] = /^(\[\^?)(\]?)([^]*)$/.exec(text) ?? []
  const inside = rest.replaceAll(/\\[^]/gu, (escape) => {
    return ESCAPES_IN_CLASS[escape] ?? (escape === '\\-' ? escape : escaped(escape))
  })
  return `${open}${first === '' ? '' : '\\]'}${inside}`
}

function translated({ kind, text, name }: Token): string {
  switch (kind) {
    case 'escape':
      return ESCAPES[text] ?? escaped(text)
    case 'class':
      return classOf(text)
    case 'any':
      return '[^\\n]'
    case 'capture':
      return name === undefined ? '(' : `(?<${name}>`
    case 'quantifier':
      return text.replace('{,', '{0,')
    case 'text':
      return SYNTAX.test(text) && text !== '/' ? `\\${text}` : text
    case 'flags':
    case 'comment':
      return ''
    default:
      return text
  }
}

/** The JavaScript source, for unicode mode, and the inline flags of the Python expression. */
export function fromPython(source: string): { source: string; flags: string } {
  const tokens = tokensOf(source, 'python')
  const written = tokens.filter(({ kind }) => kind === 'flags').map(({ text }) => text)
  const flags = ['i', 'm', 's'].filter((flag) => written.some((text) => text.includes(flag))).join('')
  const isAny = (token: Token): boolean => flags.includes('s') && token.kind === 'any'
  return { source: tokens.map((token) => (isAny(token) ? '.' : translated(token))).join(''), flags }
}
