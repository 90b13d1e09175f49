/** Tags that change how their body is rendered: with, autoescape, filter, spaceless, comment, verbatim. */
import { markSafe, stringOf } from '../safe.ts'
import type { Expression, TagCompiler, TagParser, TagToken } from '../library.ts'
import { parseKeyword } from '../syntax/simple_tag.ts'

/** Parses `a=b c=d`, or the old form `b as a`. */
function parseAssignments(parser: TagParser, { name, args, line }: TagToken): [string, Expression][] {
  const [value, as, target] = args
  if (args.length === 3 && as === 'as') return [[target as string, parser.expression(value as string, line)]]
  const pairs = args.map((word) => parseKeyword(word))
  if (pairs.length === 0 || pairs.includes(undefined)) {
    throw parser.error(`'${name}' takes one or more variables in the form name=value.`, line)
  }
  return (pairs as [string, string][]).map(([key, source]) => [key, parser.expression(source, line)])
}

const withTag: TagCompiler = (parser, tag) => {
  const variables = parseAssignments(parser, tag)
  const { nodes } = parser.parseUntil(tag, ['endwith'])
  return parser.action(
    tag.line,
    (context, [body]) => {
      const added = Object.fromEntries(variables.map(([name, value]) => [name, value.resolve(context)]))
      return context.withVariables(added, () => body?.() ?? '')
    },
    nodes,
  )
}

const autoescape: TagCompiler = (parser, tag) => {
  const [word] = tag.args
  if ((word !== 'on' && word !== 'off') || tag.args.length > 1)
    throw parser.error("'autoescape' takes 'on' or 'off'.", tag.line)
  const { nodes } = parser.parseUntil(tag, ['endautoescape'])
  return parser.action(
    tag.line,
    (context, [body]) => {
      const before = context.autoescape
      context.autoescape = word === 'on'
      try {
        return body?.() ?? ''
      } finally {
        context.autoescape = before
      }
    },
    nodes,
  )
}

const filterTag: TagCompiler = (parser, tag) => {
  const filters = tag.content.slice('filter'.length).trim()
  const forbidden = /(?:^|\|)\s*(escape|safe)\b(?!\s*:)/.exec(filters)?.[1]
  if (forbidden !== undefined) {
    throw parser.error(`'filter ${forbidden}' is not permitted. Use the autoescape tag.`, tag.line)
  }
  const expression = parser.expression(`_filtered|${filters}`, tag.line)
  const { nodes } = parser.parseUntil(tag, ['endfilter'])
  return parser.action(
    tag.line,
    (context, [body]) => {
      const filtered = markSafe(body?.() ?? '')
      return context.withVariables({ _filtered: filtered }, () => stringOf(expression.resolve(context)))
    },
    nodes,
  )
}

const spaceless: TagCompiler = (parser, tag) => {
  const { nodes } = parser.parseUntil(tag, ['endspaceless'])
  return parser.action(tag.line, (_, [body]) => (body?.() ?? '').trim().replace(/>\s+</g, '><'), nodes)
}

const comment: TagCompiler = (parser, tag) => {
  parser.skipUntil(tag, 'endcomment')
  return undefined
}

const verbatim: TagCompiler = (parser, tag) => {
  const { nodes } = parser.parseUntil(tag, ['endverbatim'])
  return parser.action(tag.line, (_, [body]) => body?.() ?? '', nodes)
}

export const scopeTags: Readonly<Record<string, TagCompiler>> = {
  with: withTag,
  autoescape,
  filter: filterTag,
  spaceless,
  comment,
  verbatim,
}
