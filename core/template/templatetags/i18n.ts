/** `{% load i18n %}`: texts are passed through as they are written, in the one language that the site has. */
import { settings } from '#core/conf'
import { markSafe } from '../safe.ts'
import type { Expression } from '../syntax/expression.ts'
import type { Node } from '../syntax/nodes.ts'
import type { TagCompiler, TagParser, TagToken } from '../library.ts'
import { keyword, printOrSet } from '../syntax/simple_tag.ts'

/** `{% translate "text" noop context "…" as variable %}`. */
const translate: TagCompiler = (parser, { args, line }) => {
  const [text, ...options] = args
  if (text === undefined) throw parser.error("'translate' needs a text.", line)
  const expression = parser.expression(text, line)
  const as = options.indexOf('as')
  const target = as < 0 ? undefined : options[as + 1]
  return parser.action(line, (context) => printOrSet(context, expression.resolve(context), target))
}

interface BlockOptions {
  readonly variables: [string, Expression][]
  count: Expression | undefined
  trimmed: boolean
  target: string | undefined
}

/** `with a=b count n=list|length trimmed asvar name`. */
function blockOptions(parser: TagParser, { args, line }: TagToken): BlockOptions {
  const options: BlockOptions = { variables: [], count: undefined, trimmed: false, target: undefined }
  let counts = false
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string
    const [name, value] = keyword(word) ?? []
    if (name !== undefined && value !== undefined) {
      const expression = parser.expression(value, line)
      options.variables.push([name, expression])
      if (counts) options.count ??= expression
      counts = false
    } else if (word === 'count') counts = true
    else if (word === 'trimmed') options.trimmed = true
    else if (word === 'asvar') options.target = args[++i]
    else if (word === 'context') i++
    else if (word !== 'with' && word !== 'and') throw parser.error(`'${word}' is no option of blocktranslate.`, line)
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
  const ends = [`end${tag.name}`]
  const singular = parser.parseUntil(tag, ['plural', ...ends])
  const plural: readonly Node[] = singular.end.name === 'plural' ? parser.parseUntil(tag, ends).nodes : []
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
  if (as !== 'as' || target === undefined) throw parser.error("'get_current_language' takes 'as variable'.", line)
  return parser.action(line, (context) => printOrSet(context, settings.LANGUAGE_CODE, target))
}

export const compilers: Readonly<Record<string, TagCompiler>> = {
  trans: translate,
  translate,
  blocktrans: blockTranslate,
  blocktranslate: blockTranslate,
  get_current_language: currentLanguage,
}
