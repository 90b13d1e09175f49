/** Tags that combine templates: extends, block, include. */
import path from 'node:path'
import type { Context, Renderable } from '../context.ts'
import { unwrapSafe } from '../safe.ts'
import type { Expression, TagCompiler, TagParser } from '../library.ts'
import { parseKeyword } from '../syntax/simple_tag.ts'

/** Resolves `./x.html` and `../x.html` against the template that contains them. Undefined outside of the template directories. */
function absoluteName(name: string, from: string): string | undefined {
  if (!name.startsWith('./') && !name.startsWith('../')) return name
  const absolute = path.posix.join(path.posix.dirname(from), name)
  return absolute.startsWith('..') ? undefined : absolute
}

const outsideMessage = (name: string, from: string): string => `'${name}' in ${from} leads out of the template folders.`

function absoluteNames(value: unknown, source: string, from: string): string[] {
  const names = (Array.isArray(value) ? value : [value]).map(unwrapSafe)
  if (names.length === 0 || !names.every((name) => typeof name === 'string' && name !== '')) {
    throw new TypeError(`${source} should be the name of a template, found ${String(names[0])}.`)
  }
  return (names as string[]).map((name) => {
    const absolute = absoluteName(name, from)
    if (absolute === undefined) throw new Error(outsideMessage(name, from))
    return absolute
  })
}

type FindTemplate = (context: Context, skip?: ReadonlySet<string>) => Renderable

/**
 * Parses the argument of `extends` and `include`: a name, a list of names of which the first that exists is used, or a
 * template object.
 */
function parseTemplate(parser: TagParser, word: string, line: number): FindTemplate {
  const expression = parser.expression(word, line)
  const from = parser.name
  const literal = /^(["'])([^"']*)\1$/.exec(word)?.[2]
  if (literal !== undefined && absoluteName(literal, from) === undefined) {
    throw parser.error(outsideMessage(literal, from), line)
  }
  return (context, skip) => {
    const value = expression.resolve(context, true)
    // Template objects of this backend have a compiled template.
    const compiled = (value as { compiled?: Renderable } | null | undefined)?.compiled
    return compiled ?? context.engine.find(absoluteNames(value, expression.source, from), skip)
  }
}

const extendsTag: TagCompiler = (parser, { args, line }) => {
  if (!parser.isAtFirstTag) throw parser.error("'extends' must be the first tag of a template.", line)
  if (args.length !== 1) throw parser.error("'extends' takes the name of one template.", line)
  const find = parseTemplate(parser, args[0] as string, line)
  const parent = (context: Context): Renderable => {
    const found = find(context, context.extendedFiles)
    if (found.file !== undefined) context.extendedFiles.add(found.file)
    return found
  }
  return { kind: 'extends', line, parent }
}

const block: TagCompiler = (parser, tag) => {
  const [name] = tag.args
  if (name === undefined || tag.args.length > 1) throw parser.error("'block' takes one name.", tag.line)
  const names = (parser.shared.get('block') ?? new Set()) as Set<string>
  if (names.has(name)) throw parser.error(`There are two blocks named '${name}'.`, tag.line)
  parser.shared.set('block', names.add(name))
  const { nodes, end } = parser.parseUntil(tag, ['endblock'])
  if (end.args.length > 1 || (end.args[0] ?? name) !== name) {
    throw parser.error(`'${end.content}' ends the block '${name}' of line ${tag.line}.`, end.line)
  }
  return { kind: 'block', line: tag.line, name, body: nodes }
}

interface IncludeOptions {
  readonly variables: readonly [string, Expression][]
  readonly only: boolean
}

function parseInclude(parser: TagParser, words: readonly string[], line: number): IncludeOptions {
  const only = words.includes('only')
  const rest = words.filter((word) => word !== 'only')
  if (rest.length === 0) return { variables: [], only }
  const variables = rest.slice(1).map((word): [string, Expression] => {
    const [name, value] = parseKeyword(word) ?? []
    if (name === undefined || value === undefined)
      throw parser.error(`'${word}' should have the form name=value.`, line)
    return [name, parser.expression(value, line)]
  })
  if (rest[0] !== 'with' || variables.length === 0) {
    throw parser.error("After the template's name 'include' takes 'with name=value' and 'only'.", line)
  }
  return { variables, only }
}

const include: TagCompiler = (parser, { args, line }) => {
  const [template, ...words] = args
  if (template === undefined) throw parser.error("'include' needs the name of a template.", line)
  const find = parseTemplate(parser, template, line)
  const { variables, only } = parseInclude(parser, words, line)
  return parser.action(line, (context) => {
    const found = find(context)
    const added = Object.fromEntries(variables.map(([key, each]) => [key, each.resolve(context)]))
    const render = (): string => context.render(found)
    return only ? context.withOnly(added, render) : context.withVariables(added, render)
  })
}

export const inheritanceTags: Readonly<Record<string, TagCompiler>> = { extends: extendsTag, block, include }
