/** `{% load i18n %}`: the tags of Django's i18n library, which print strings untranslated. */
import { settings } from '#core/conf'
import { markSafe } from '../safe.ts'
import type { Expression, Node, TagCompiler, TagParser, TagToken } from '../library.ts'
import { parseKeyword, printOrAssign } from '../syntax/simple_tag.ts'

/** The word after an option. @throws TemplateSyntaxError if there is none */
function wordAfter(parser: TagParser, { name, args, line }: TagToken, option: number): string {
  const value = args[option + 1]
  if (value === undefined) throw parser.error(`'${name}' needs a word after '${args[option]}'.`, line)
  return value
}

/** `{% translate "string" noop context "…" as variable %}`. */
const translate: TagCompiler = (parser, tag) => {
  const { name, args, line } = tag
  if (args[0] === undefined) throw parser.error(`'${name}' needs a string.`, line)
  const expression = parser.expression(args[0], line)
  let target: string | undefined
  for (let i = 1; i < args.length; i++) {
    const option = args[i]
    if (option === 'as') target = wordAfter(parser, tag, i++)
    else if (option === 'context') parser.expression(wordAfter(parser, tag, i++), line)
    else if (option !== 'noop') {
      throw parser.error(
        `'${option}' is not an option of ${name}. There are 'noop', 'context "…"' and 'as variable'.`,
        line,
      )
    }
  }
  return parser.action(line, (context) => printOrAssign(context, expression.resolve(context), target))
}

interface BlockOptions {
  readonly variables: [string, Expression][]
  count: Expression | undefined
  trimmed: boolean
  target: string | undefined
}

/** Parses `with a=b count n=list|length trimmed asvar name`. */
function parseBlockOptions(parser: TagParser, tag: TagToken): BlockOptions {
  const { name, args, line } = tag
  const options: BlockOptions = { variables: [], count: undefined, trimmed: false, target: undefined }
  for (let i = 0; i < args.length; i++) {
    const option = args[i] as string
    const [key, value] = parseKeyword(option) ?? []
    if (key !== undefined && value !== undefined) options.variables.push([key, parser.expression(value, line)])
    else if (option === 'with' || option === 'count') {
      const [variable, counted] = parseKeyword(wordAfter(parser, tag, i)) ?? []
      if (variable === undefined || counted === undefined) {
        throw parser.error(`'${option}' in ${name} needs a variable in the form name=value.`, line)
      }
      if (option === 'count') options.count = parser.expression(counted, line)
    } else if (option === 'trimmed') options.trimmed = true
    else if (option === 'asvar') options.target = wordAfter(parser, tag, i++)
    else if (option === 'context') parser.expression(wordAfter(parser, tag, i++), line)
    else if (option !== 'and') throw parser.error(`'${option}' is not an option of ${name}.`, line)
  }
  return options
}

const trimLines = (string: string): string =>
  string
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')

const blockTranslate: TagCompiler = (parser, tag) => {
  const { variables, count, trimmed, target } = parseBlockOptions(parser, tag)
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
      const output = context.withVariables(added, () => body?.() ?? '')
      return printOrAssign(context, markSafe(trimmed ? trimLines(output) : output), target)
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
  return parser.action(line, (context) => printOrAssign(context, settings.LANGUAGE_CODE, target))
}

export const compilers: Readonly<Record<string, TagCompiler>> = {
  trans: translate,
  translate,
  blocktrans: blockTranslate,
  blocktranslate: blockTranslate,
  get_current_language: currentLanguage,
}
