/** Tags for conditions and loops: if, for, ifchanged, firstof, cycle, resetcycle. */
import { handlePromise } from '../promises.ts'
import { markSafe, unwrapSafe } from '../safe.ts'
import { isPlainObject } from '../syntax/lookup.ts'
import type { Context } from '../context.ts'
import { type Condition, isEqual, isTruthy, parseCondition } from '../syntax/condition.ts'
import type { Expression, Node, TagCompiler, TagParser, TagToken } from '../library.ts'
import { printOrAssign, splitTarget } from '../syntax/simple_tag.ts'

/**
 * The entries of a list, a string or another iterable, the keys of a map or a plain object; for a loop with several
 * names, the keys with their values. Null and undefined have no entries.
 * @param names number of names of the loop
 * @param source the expression, for the error
 * @throws TypeError for other values
 */
export function loopEntries(given: unknown, names: number, source: string): unknown[] {
  const entries = entriesIn(given, names, source)
  // The page fails at the first promise that is used. The others may reject later.
  for (const entry of entries) if (typeof entry === 'object') handlePromise(entry)
  return entries
}

function entriesIn(given: unknown, names: number, source: string): unknown[] {
  const value = unwrapSafe(given)
  if (value === null || value === undefined || value === '') return []
  if (Array.isArray(value)) return value
  if (value instanceof Map) return names > 1 ? [...(value as Map<unknown, unknown>)] : [...value.keys()]
  if (typeof value === 'string') return Array.from(value)
  if (typeof value === 'object' && Symbol.iterator in value) return [...(value as Iterable<unknown>)]
  if (isPlainObject(value)) return names > 1 ? Object.entries(value) : Object.keys(value)
  throw new TypeError(`'for … in ${source}' cannot iterate over a ${typeof value}. A list is expected.`)
}

const ifTag: TagCompiler = (parser, tag) => {
  const conditions: Condition[] = []
  const bodies: (readonly Node[])[] = []
  let branch: TagToken = tag
  while (branch.name !== 'endif') {
    const { args, content, line } = branch
    if (branch.name === 'else' && args.length > 0) {
      throw parser.error(`'${content}' should be 'else', or 'elif' with a condition.`, line)
    }
    conditions.push(branch.name === 'else' ? () => true : parseCondition(args, (word) => parser.expression(word, line)))
    const ends = branch.name === 'else' ? ['endif'] : ['elif', 'else', 'endif']
    const { nodes, end } = parser.parseUntil(tag, ends)
    bodies.push(nodes)
    branch = end
  }
  if (branch.args.length > 0) throw parser.error(`'${branch.content}' should be 'endif'.`, branch.line)
  return parser.action(
    tag.line,
    (context, bodies) => {
      const chosen = conditions.findIndex((condition) => isTruthy(condition(context)))
      return bodies[chosen]?.() ?? ''
    },
    ...bodies,
  )
}

/** Parses `x, y in list reversed`. */
function parseLoop(
  { content, args, line }: TagToken,
  parser: TagParser,
): { names: string[]; list: Expression; isReversed: boolean } {
  const isReversed = args.length > 3 && args.at(-1) === 'reversed'
  const at = args.indexOf('in', 1)
  const list = args.slice(at + 1, isReversed ? -1 : undefined).join(' ')
  const names = args
    .slice(0, Math.max(at, 0))
    .join(' ')
    .split(',')
    .map((name) => name.trim())
  if (list === '' || names.some((name) => !/^[^\s"'|]+$/.test(name))) {
    throw parser.error(`'${content}' should have the form 'for x in list' or 'for x, y in list'.`, line)
  }
  return { names, list: parser.expression(list, line), isReversed }
}

function loopVariables(names: readonly string[], entry: unknown): Record<string, unknown> {
  if (names.length === 1) return { [names[0] as string]: entry }
  const values = Array.isArray(entry) ? (entry as unknown[]) : [entry]
  if (values.length !== names.length) {
    throw new TypeError(
      `'for ${names.join(', ')}' needs ${names.length} values in each iteration, found ${values.length}.`,
    )
  }
  return Object.fromEntries(names.map((name, i) => [name, values[i]]))
}

const forTag: TagCompiler = (parser, tag) => {
  const { names, list, isReversed } = parseLoop(tag, parser)
  const loop = parser.parseUntil(tag, ['empty', 'endfor'])
  const empty = loop.end.name === 'empty' ? parser.parseUntil(tag, ['endfor']).nodes : []
  const run = (context: Context, body: () => string, whenEmpty: () => string): string => {
    const entries = loopEntries(list.resolve(context, true), names.length, list.source)
    const length = entries.length
    if (length === 0) return whenEmpty()
    // One object for all iterations, which is the key of ifchanged's state for this run of the loop.
    const forloop = { parentloop: context.get('forloop') ?? {}, length }
    const iterate = (entry: unknown, i: number): string => {
      const counters = { counter: i + 1, counter0: i, revcounter: length - i, revcounter0: length - 1 - i }
      Object.assign(forloop, counters, { first: i === 0, last: i === length - 1 })
      return context.withVariables({ forloop, ...loopVariables(names, entry) }, body)
    }
    return (isReversed ? entries.toReversed() : entries).map(iterate).join('')
  }
  return parser.action(
    tag.line,
    (context, [body = nothing, whenEmpty = nothing]) => run(context, body, whenEmpty),
    loop.nodes,
    empty,
  )
}
const nothing = (): string => ''

const ifChanged: TagCompiler = (parser, tag) => {
  const watched = tag.args.map((word) => parser.expression(word, tag.line))
  const then = parser.parseUntil(tag, ['else', 'endifchanged'])
  const otherwise = then.end.name === 'else' ? parser.parseUntil(tag, ['endifchanged']).nodes : []
  return parser.action(
    tag.line,
    (context, [body = nothing, whenSame = nothing]) => {
      const output = watched.length === 0 ? body() : undefined
      const current = output === undefined ? watched.map((expression) => expression.resolve(context, true)) : [output]
      const loop = context.get('forloop') ?? tag
      const previousByLoop = context.getState(tag, () => new WeakMap<object, unknown[]>())
      const previous = previousByLoop.get(loop)
      if (previous !== undefined && isEqual(previous, current)) return whenSame()
      previousByLoop.set(loop, current)
      return output ?? body()
    },
    then.nodes,
    otherwise,
  )
}

const firstOf: TagCompiler = (parser, { args, line }) => {
  const { words, target } = splitTarget(args)
  if (words.length === 0) throw parser.error("'firstof' needs at least one value.", line)
  const expressions = words.map((word) => parser.expression(word, line))
  return parser.action(line, (context) => {
    for (const expression of expressions) {
      const value = expression.resolve(context, true)
      if (isTruthy(value)) return printOrAssign(context, markSafe(expression.print(context)), target)
    }
    return printOrAssign(context, '', target)
  })
}

interface Cycle {
  /** The tag that defines the cycle, and the key of its state: the number of values that were printed. */
  readonly tag: object
  readonly values: readonly Expression[]
  readonly variable: string | undefined
  readonly silent: boolean
}

function namedCycles(parser: TagParser): Map<string, Cycle> {
  const cycles = (parser.shared.get('cycle') ?? new Map()) as Map<string, Cycle>
  parser.shared.set('cycle', cycles)
  return cycles
}

function parseCycle(parser: TagParser, tag: TagToken): Cycle {
  const existing = tag.args.length === 1 ? namedCycles(parser).get(tag.args[0] as string) : undefined
  if (existing !== undefined) return existing
  const silent = tag.args.at(-1) === 'silent' && tag.args.at(-3) === 'as'
  if (!silent && tag.args.length > 3 && tag.args.at(-3) === 'as') {
    throw parser.error(`After its name 'cycle' takes 'silent', found '${tag.args.at(-1)}'.`, tag.line)
  }
  const { words, target: variable } = splitTarget(silent ? tag.args.slice(0, -1) : tag.args)
  if (words.length === 0) throw parser.error("'cycle' needs at least one value.", tag.line)
  const values = words.map((word) => parser.expression(word, tag.line))
  const cycle = { tag, values, variable, silent }
  if (variable !== undefined) namedCycles(parser).set(variable, cycle)
  parser.shared.set('last cycle', cycle)
  return cycle
}

const cycle: TagCompiler = (parser, tag) => {
  const { tag: origin, values, variable, silent } = parseCycle(parser, tag)
  return parser.action(tag.line, (context) => {
    const at = context.getState(origin, () => 0)
    context.setState(origin, at + 1)
    const value = values[at % values.length] as Expression
    if (variable !== undefined) context.setUpward(variable, value.resolve(context))
    return silent ? '' : value.print(context)
  })
}

const resetCycle: TagCompiler = (parser, { args, line }) => {
  const [name] = args
  if (args.length > 1) throw parser.error("'resetcycle' takes at most one name.", line)
  const found = (name === undefined ? parser.shared.get('last cycle') : namedCycles(parser).get(name)) as
    | Cycle
    | undefined
  if (found === undefined) throw parser.error('There is no cycle to reset.', line)
  return parser.action(line, (context) => {
    context.setState(found.tag, 0)
    return ''
  })
}

export const flowTags: Readonly<Record<string, TagCompiler>> = {
  if: ifTag,
  for: forTag,
  ifchanged: ifChanged,
  firstof: firstOf,
  cycle,
  resetcycle: resetCycle,
}
