/** `{% load i18n %}`: texts are passed through as they are written, in the one language that the site has. */
import { settings } from '#core/conf'
import { markSafe } from '../safe.ts'
import type { Expression } from '../syntax/expression.ts'
import type { Node } from '../syntax/nodes.ts'
import type { TagCompiler, TagParser, TagToken } from '../library.ts'
import { keyword, printOrSet } from '../syntax/simple_tag.ts'

/** The word after an option, which must be there. */
function valueOf(parser: TagParser, { name, args, line }: TagToken, option: number): string {
  const value = args[option + 1]
  if (value === undefined) throw parser.error(`'${name}' needs a word after '${args[option]}'.`, line)
  return value
}

/** `{% translate "text" noop context "…" as variable %}`. */
const translate: TagCompiler = (parser, tag) => {
  const { name, args, line } = tag
  if (args[0] === undefined) throw parser.error(`'${name}' needs a text.`, line)
  const expression = parser.expression(args[0], line)
  let target: string | undefined
  for (let i = 1; i < args.length; i++) {
    const option = args[i]
    if (option === 'as') target = valueOf(parser, tag, i++)
    else if (option === 'context') parser.expression(valueOf(parser, tag, i++), line)
    else if (option !== 'noop') {
      throw parser.error(
        `'${option}' is no option of ${name}. There are 'noop', 'context "…"' and 'as variable'.`,
        line,
      )
    }
  }
  return parser.action(line, (context) => printOrSet(context, expression.resolve(context), target))
}

interface BlockOptions {
  readonly variables: [string, Expression][]
  count: Expression | undefined
  trimmed: boolean
  target: string | undefined
}

/** `with a=b count n=list|length trimmed asvar name`. */
function blockOptions(parser: TagParser, tag: TagToken): BlockOptions {
  const { name, args, line } = tag
  const options: BlockOptions = { variables: [], count: undefined, trimmed: false, target: undefined }
  for (let i = 0; i < args.length; i++) {
    const option = args[i] as string
    const [key, value] = keyword(option) ?? []
    if (key !== undefined && value !== undefined) options.variables.push([key, parser.expression(value, line)])
    else if (option === 'with' || option === 'count') {
      const [variable, counted] = keyword(valueOf(parser, tag, i)) ?? []
      if (variable === undefined || counted === undefined) {
        throw parser.error(`'${option}' in ${name} needs a variable in the form name=value.`, line)
      }
      if (option === 'count') options.count = parser.expression(counted, line)
    } else if (option === 'trimmed') options.trimmed = true
    else if (option === 'asvar') options.target = valueOf(parser, tag, i++)
    else if (option === 'context') parser.expression(valueOf(parser, tag, i++), line)
    else if (option !== 'and') throw parser.error(`'${option}' is no option of ${name}.`, line)
  }
  return options
}

const trimmedLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')

const blockTranslate: TagCompiler = (parser, tag) => {
  const { variables, count, trimmed, target } = blockOptions(parser, tag)
  const end = `end${tag.name}`
  const singular = parser.parseUntil(tag, ['plural', end])
  const plural: readonly Node[] = singular.end.name === 'plural' ? parser.parseUntil(tag, [end]).nodes : []
  if ((count !== undefined) !== (singular.end.name === 'plural')) {
    throw parser.error(`'count' in ${tag.name} and {% plural %} need each other.`, tag.line)
  }
  return parser.action(
    tag.line,
    (context, [one, many]) => {
      const added = Object.fromEntries(variables.map(([name, value]) => [name, value.resolve(context)]))
      const body = count === undefined || Number(count.resolve(context)) === 1 ? one : many
      const text = context.within(added, () => body?.() ?? '')
      return printOrSet(context, markSafe(trimmed ? trimmedLines(text) : text), target)
    },
    singular.nodes,
    plural,
  )
}

/** `{% get_current_language as LANGUAGE_CODE %}`. */
const currentLanguage: TagCompiler = (parser, { args, line }) => {
  const [as, target] = args
  if (as !== 'as' || target === undefined || args.length > 2)
    throw parser.error("'get_current_language' takes 'as variable'.", line)
  return parser.action(line, (context) => printOrSet(context, settings.LANGUAGE_CODE, target))
}

export const compilers: Readonly<Record<string, TagCompiler>> = {
  trans: translate,
  translate,
  blocktrans: blockTranslate,
  blocktranslate: blockTranslate,
  get_current_language: currentLanguage,
}
