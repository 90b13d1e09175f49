/** A tag that is a function: `{% name arg key=value as variable %}`. */
import type { Context } from '../context.ts'
import { stringify } from '../stringify.ts'
import type { Tag, TagParser, TagToken } from '../library.ts'
import { refusePromise } from '../promises.ts'
import { conditionalEscape, unmarked } from '../safe.ts'
import type { Expression } from './expression.ts'
import type { ActionNode } from './nodes.ts'

/** `name=value` as name and value, or undefined. */
export function keyword(word: string): [name: string, value: string] | undefined {
  const match = /^(\w+)=(.+)$/s.exec(word)
  return match === null ? undefined : [match[1] as string, match[2] as string]
}

/** The arguments of a tag as expressions. */
export interface TagArguments {
  readonly positional: readonly Expression[]
  readonly named: readonly (readonly [name: string, value: Expression])[]
  /** The values, without marks of HTML. */
  resolve(context: Context): { args: unknown[]; kwargs: Record<string, unknown> }
}

/** Reads positional arguments, and after them arguments with names. */
export function readArguments(parser: TagParser, words: readonly string[], line: number): TagArguments {
  const positional: Expression[] = []
  const named: [string, Expression][] = []
  for (const word of words) {
    const [name, value] = keyword(word) ?? []
    if (name !== undefined && value !== undefined) named.push([name, parser.expression(value, line)])
    else if (named.length > 0) throw parser.error(`'${word}' has no name, but stands after one that has.`, line)
    else positional.push(parser.expression(word, line))
  }
  return {
    positional,
    named,
    resolve: (context) => ({
      args: positional.map((expression) => unmarked(expression.resolve(context))),
      kwargs: Object.fromEntries(named.map(([name, expression]) => [name, unmarked(expression.resolve(context))])),
    }),
  }
}

/** The words without `as variable` at their end, and the variable. */
export function withoutTarget(words: readonly string[]): { words: readonly string[]; target: string | undefined } {
  return words.at(-2) === 'as' ? { words: words.slice(0, -2), target: words.at(-1) } : { words, target: undefined }
}

/** What a tag prints or, where it has a target, sets. */
export function printOrSet(context: Context, value: unknown, target: string | undefined): string {
  if (target !== undefined) {
    context.set(target, value)
    return ''
  }
  const text = stringify(value)
  return context.autoescape ? conditionalEscape(text).toString() : String(text)
}

export function simpleTag(parser: TagParser, { name, args, line }: TagToken, tag: Tag): ActionNode {
  const { words, target } = withoutTarget(args)
  const given = readArguments(parser, words, line)
  tag.checkArguments?.(
    given.positional.map(({ text }) => text),
    given.named.map(([key]) => key),
  )
  return parser.action(line, (context) => {
    const { args, kwargs } = given.resolve(context)
    const value = refusePromise(tag(context.flatten(), args, kwargs, target), `What the tag '${name}' returns`)
    return printOrSet(context, value, target)
  })
}
