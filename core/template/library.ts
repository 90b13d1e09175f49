/** What a template library is: a module with tags and filters, named in OPTIONS or lying in an app's templatetags/. */
import type { TemplatePosition, TemplateSyntaxError } from './errors.ts'
import type { Filter } from './filter.ts'
import type { Expression } from './syntax/expression.ts'
import type { Action, ActionNode, Node } from './syntax/nodes.ts'

/**
 * Prints what it returns: `{% name arg key=value %}`, or keeps it: `{% name arg as variable %}`.
 * What it returns is escaped, unless it is marked with `markSafe()`.
 * @param context all variables of the template; writing to it changes nothing
 * @param variable the name after `as`, or undefined
 */
export interface Tag {
  (context: Record<string, unknown>, args: unknown[], kwargs: Record<string, unknown>, variable?: string): unknown
  /**
   * Checks the arguments when the template is compiled.
   * @param args the positional arguments as they are written
   * @param kwargs the names of the other arguments
   * @throws SyntaxError with a sentence; the template then gets a TemplateSyntaxError with the position
   */
  readonly checkArguments?: (args: readonly string[], kwargs: readonly string[]) => void
}

/** A tag as a compiler gets it. */
export interface TagToken {
  readonly name: string
  /** The words after the name. */
  readonly args: readonly string[]
  /** Everything between the braces. */
  readonly content: string
  readonly line: number
}

/** What a compiler works with. */
export interface TagParser {
  /** The template's name. */
  readonly name: string
  /** What compilers share within a template: the names of its blocks, and of `{% cycle … as name %}`. */
  readonly shared: Map<string, unknown>
  /** Whether nothing but text came before the tag that is being compiled. */
  readonly isAtFirstTag: boolean
  /** Reads up to one of the end tags, which is read too. */
  parseUntil(tag: TagToken, ends: readonly string[]): { nodes: readonly Node[]; end: TagToken }
  /** Reads up to the end tag without understanding what lies between. */
  skipUntil(tag: TagToken, end: string): void
  expression(text: string, line: number): Expression
  /** A node that prints what `run` returns; `bodies` are what lies between the tag and its end. */
  action(line: number, run: Action, ...bodies: (readonly Node[])[]): ActionNode
  /** Makes a library's tags and filters known, or those of its names that are asked for. */
  load(library: string, only?: readonly string[]): void
  position(line: number): TemplatePosition
  error(problem: string, line: number): TemplateSyntaxError
}

/** Reads a tag, and what follows up to its end tag where it has one. Undefined: the tag prints nothing. */
export type TagCompiler = (parser: TagParser, tag: TagToken) => Node | undefined

/** The exports of a library module. */
export interface Library {
  readonly tags?: Readonly<Record<string, Tag>>
  readonly filters?: Readonly<Record<string, Filter>>
  /** Tags with a syntax or a body of their own. */
  readonly compilers?: Readonly<Record<string, TagCompiler>>
}
