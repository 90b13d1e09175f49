/**
 * The types of a template library (tags, filters, compilers of tags, and the nodes that a compiler returns), and helpers for
 * filters: string filters, safe strings, and the conversion of arguments.
 */
import type { Context, Renderable } from './context.ts'
import type { TemplatePosition, TemplateSyntaxError } from './errors.ts'
import { handlePromise } from './promises.ts'
import { stringify } from './safe.ts'
import { isPlainObject } from './syntax/lookup.ts'

/** The exports of a library module, which is in an app's templatetags/ or named in OPTIONS. */
export interface Library {
  readonly tags?: Readonly<Record<string, Tag>>
  readonly filters?: Readonly<Record<string, Filter>>
  /** Tags with a syntax or a body of their own. */
  readonly compilers?: Readonly<Record<string, TagCompiler>>
}

export interface FilterOptions {
  /** Whether the result is escaped unless it is marked as safe. */
  readonly autoescape: boolean
}

/**
 * The function behind `{{ value|name:argument }}`. A string that it returns is escaped, unless it is marked with
 * `markSafe()`. Safe strings are passed as plain strings, unless `receivesSafeStrings` is set.
 */
export interface Filter {
  (value: unknown, argument?: unknown, options?: FilterOptions): unknown
  /** The filter adds no HTML characters, so that the result for a safe string is safe. */
  readonly isSafe?: boolean
  /** The filter receives safe strings as SafeString objects. */
  readonly receivesSafeStrings?: boolean
}

/**
 * The function behind `{% name arg key=value %}`, whose result is printed, and `{% name arg as variable %}`, whose
 * result is assigned. The result is escaped when printed, unless it is marked with `markSafe()`.
 * @param context a copy of all variables of the template
 * @param variable the name after `as`
 */
export interface Tag {
  (context: Record<string, unknown>, args: unknown[], kwargs: Record<string, unknown>, variable?: string): unknown
  /**
   * Checks the arguments when the template is compiled.
   * @param args the positional arguments as they are written
   * @param kwargs the names of the other arguments
   * @throws SyntaxError with a sentence. It is reported as a TemplateSyntaxError with the position.
   */
  readonly checkArguments?: (args: readonly string[], kwargs: readonly string[]) => void
}

/** A tag as its compiler receives it. */
export interface TagToken {
  readonly name: string
  /** The words after the name. */
  readonly args: readonly string[]
  /** Everything between `{%` and `%}`, trimmed. */
  readonly content: string
  readonly line: number
}

/**
 * Compiles a tag, and what follows up to its end tag if it has one. Returns undefined if the tag prints nothing.
 * @throws SyntaxError, or the result of `parser.error()`
 */
export type TagCompiler = (parser: TagParser, tag: TagToken) => Node | undefined

/** What a compiler can use. */
export interface TagParser {
  /** The template's name. */
  readonly name: string
  /** State that compilers share within one template, such as the names of its blocks. */
  readonly shared: Map<string, unknown>
  /** Whether the tag that is being compiled is the first one, with only text before it. */
  readonly isAtFirstTag: boolean
  /** Parses up to one of the end tags and consumes it. */
  parseUntil(tag: TagToken, ends: readonly string[]): { nodes: readonly Node[]; end: TagToken }
  /** Skips to the end tag without parsing, and consumes it. */
  skipUntil(tag: TagToken, end: string): void
  expression(source: string, line: number): Expression
  /** Creates a node that prints what `run` returns. The bodies are the nodes between the tag and its end tag. */
  action(line: number, run: Action, ...bodies: (readonly Node[])[]): ActionNode
  /** Makes a library's tags and filters available to the rest of the template; with `only`, those names. */
  load(library: string, only?: readonly string[]): void
  position(line: number): TemplatePosition
  error(problem: string, line: number): TemplateSyntaxError
}

/** A constant or a variable with its filters. */
export interface Expression {
  /** The expression as it is written in the template. */
  readonly source: string
  /**
   * Evaluates the expression. A missing variable is an empty string, or string_if_invalid.
   * @param missingIsNull a missing variable is null, as for `{% if %}` and `{% for %}`
   * @throws UnawaitedPromise
   */
  resolve(context: Context, missingIsNull?: boolean): unknown
  /** Evaluates the expression as HTML: escaped, unless it is safe or autoescaping is off. */
  print(context: Context): string
}

/** Renders the nodes between a tag and its end tag, in the context that the tag was given. */
export type Body = () => string

/** Renders a tag or a variable. */
export type Action = (context: Context, bodies: readonly Body[]) => string

export interface TextNode {
  readonly kind: 'text'
  readonly text: string
}

/** A `{{ variable }}`, or a tag with the nodes between it and its end tag. */
export interface ActionNode {
  readonly kind: 'action'
  readonly line: number
  readonly run: Action
  readonly bodies: readonly (readonly Node[])[]
}

export interface BlockNode {
  readonly kind: 'block'
  readonly line: number
  readonly name: string
  readonly body: readonly Node[]
}

export interface ExtendsNode {
  readonly kind: 'extends'
  readonly line: number
  readonly parent: (context: Context) => Renderable
}

export type Node = TextNode | ActionNode | BlockNode | ExtendsNode

/** A filter that converts its value to a string. A safe string stays safe. */
export function safeStringFilter(filter: (string: string, argument: unknown) => string): Filter {
  return Object.assign((value: unknown, argument?: unknown) => filter(String(stringify(value)), argument), {
    isSafe: true,
  })
}

/** A filter that converts its value to a string, and whose result is not safe because it may add or break HTML. */
export function stringFilter(filter: (string: string, argument: unknown) => unknown): Filter {
  return (value, argument) => filter(String(stringify(value)), argument)
}

/** A filter that receives safe strings as SafeString objects. */
export function receivesSafeStrings(filter: Filter): Filter {
  return Object.assign(filter, { receivesSafeStrings: true })
}

/** Converts a value to an integer; undefined if it is not a number. */
export function toInteger(value: unknown): number | undefined {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'string') return undefined
  if (typeof value === 'string' && !/^\s*[-+]?\d+\s*$/.test(value)) return undefined
  return Number.isFinite(Number(value)) ? Math.trunc(Number(value)) : undefined
}

/** The greatest width in characters to which filters pad. A greater one is an invalid argument. */
export const MAX_WIDTH = 10_000

/** Converts a value to a number; NaN if it is not a number. Never throws, because the value may come from a client. */
export function toNumber(value: unknown): number {
  if (typeof value === 'string') return value.trim() === '' ? Number.NaN : Number(value)
  if (value === null || value === undefined || Array.isArray(value)) return Number.NaN
  try {
    return Number(value)
  } catch {
    // A symbol, or JSON such as {"valueOf": 1}.
    return Number.NaN
  }
}

/** The entries of an iterable, the characters of a string or the keys of an object; undefined for other values. */
export function sequence(value: unknown): unknown[] | undefined {
  const entries = entriesIn(value)
  for (const entry of entries ?? []) if (typeof entry === 'object') handlePromise(entry)
  return entries
}

function entriesIn(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value
  if (typeof value === 'string') return Array.from(value)
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) return [...(value as Iterable<unknown>)]
  return isPlainObject(value) ? Object.keys(value) : undefined
}
