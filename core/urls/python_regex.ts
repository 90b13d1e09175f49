/** Django's regular expressions, written in Python's form, as JavaScript's. */
import { literalOf, type Token, tokensOf } from './regex_tokens.ts'

const SYNTAX = /[$()*+./?[\\\]^{|}]/

// Python's \w and \d take the letters and digits of every script.
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

/** An escaped character: JavaScript's unicode mode refuses a backslash that is not needed. */
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

/** The source of a JavaScript expression, for unicode mode, and the flags that the Python one sets within itself. */
export function fromPython(source: string): { source: string; flags: string } {
  const tokens = tokensOf(source, 'python')
  const written = tokens.filter(({ kind }) => kind === 'flags').map(({ text }) => text)
  const flags = ['i', 'm', 's'].filter((flag) => written.some((text) => text.includes(flag))).join('')
  const isAny = (token: Token): boolean => flags.includes('s') && token.kind === 'any'
  return { source: tokens.map((token) => (isAny(token) ? '.' : translated(token))).join(''), flags }
}
