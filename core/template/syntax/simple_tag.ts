/** Parses the arguments of tags, and compiles tags that are functions: `{% name arg key=value as variable %}`. */
import type { Context } from '../context.ts'
import { toHtml, unwrapSafe } from '../safe.ts'
import type { ActionNode, Expression, Tag, TagParser, TagToken } from '../library.ts'
import { refusePromise } from '../promises.ts'

/** Splits `name=value`. Undefined for any other word. */
export function parseKeyword(word: string): [name: string, value: string] | undefined {
  const match = /^(\w+)=(.+)$/s.exec(word)
  return match === null ? undefined : [match[1] as string, match[2] as string]
}

export interface TagArguments {
  readonly positional: readonly Expression[]
  readonly named: readonly (readonly [name: string, value: Expression])[]
  /** The values, with safe strings as plain strings. */
  resolve(context: Context): { args: unknown[]; kwargs: Record<string, unknown> }
}

/** Parses positional arguments, followed by arguments with names. */
export function parseArguments(parser: TagParser, words: readonly string[], line: number): TagArguments {
  const positional: Expression[] = []
  const named: [string, Expression][] = []
  for (const word of words) {
    const [name, value] = parseKeyword(word) ?? []
    if (name !== undefined && value !== undefined) named.push([name, parser.expression(value, line)])
    else if (named.length > 0)
      throw parser.error(`The positional argument '${word}' follows an argument with a name.`, line)
    else positional.push(parser.expression(word, line))
  }
  return {
    positional,
    named,
    resolve: (context) => ({
      args: positional.map((expression) => unwrapSafe(expression.resolve(context))),
      kwargs: Object.fromEntries(named.map(([name, expression]) => [name, unwrapSafe(expression.resolve(context))])),
    }),
  }
}

/** Splits `as variable` from the end of a tag. */
export function splitTarget(words: readonly string[]): { words: readonly string[]; target: string | undefined } {
  return words.at(-2) === 'as' ? { words: words.slice(0, -2), target: words.at(-1) } : { words, target: undefined }
}

/** Assigns the value to the target and returns an empty string; without a target, returns the value as HTML. */
export function printOrAssign(context: Context, value: unknown, target: string | undefined): string {
  if (target !== undefined) {
    context.set(target, value)
    return ''
  }
  return toHtml(value, context.autoescape)
}

export function simpleTag(parser: TagParser, { name, args, line }: TagToken, tag: Tag): ActionNode {
  const { words, target } = splitTarget(args)
  const given = parseArguments(parser, words, line)
  tag.checkArguments?.(
    given.positional.map(({ source }) => source),
    given.named.map(([key]) => key),
  )
  return parser.action(line, (context) => {
    const { args, kwargs } = given.resolve(context)
    const value = refusePromise(tag(context.flatten(), args, kwargs, target), `The result of the tag '${name}'`)
    return printOrAssign(context, value, target)
  })
}
