/** Parses tokens to nodes: finds the compiler and the end of each tag, and adds the position to errors. */
import { type TemplatePosition, TemplateSyntaxError } from '../errors.ts'
import type { Action, ActionNode, Expression, Library, Node, TagParser, TagToken } from '../library.ts'
import { selectNames, type TagRegistry } from '../tag_registry.ts'
import { parseExpression } from './expression.ts'
import { type Token, words } from './lexer.ts'
import { simpleTag } from './simple_tag.ts'

/** The template that is parsed. */
export interface ParsedTemplate {
  readonly name: string
  readonly file: string | undefined
  /** The library that `{% load %}` names. @throws SyntaxError that lists the known libraries */
  library(name: string): Library
}

export class Parser implements TagParser {
  readonly shared = new Map<string, unknown>()
  readonly #registry: TagRegistry
  readonly #template: ParsedTemplate
  readonly #tokens: readonly Token[]
  /** Tags whose end has not been reached, the innermost last. */
  readonly #openTags: TagToken[] = []
  #next = 0
  /** Number of tags and variables up to now. */
  #count = 0

  constructor(tokens: readonly Token[], registry: TagRegistry, template: ParsedTemplate) {
    this.#tokens = tokens
    this.#registry = registry
    this.#template = template
  }

  get name(): string {
    return this.#template.name
  }

  parseAll(): readonly Node[] {
    return this.#parse([]).nodes
  }

  parseUntil(tag: TagToken, ends: readonly string[]): { nodes: readonly Node[]; end: TagToken } {
    this.#openTags.push(tag)
    const { nodes, end } = this.#parse(ends)
    this.#openTags.pop()
    if (end !== undefined) return { nodes, end }
    throw this.error(`'${tag.name}' is not closed. Looked for: ${ends.join(', ')}.`, tag.line)
  }

  skipUntil(tag: TagToken, end: string): void {
    while (this.#next < this.#tokens.length) {
      const token = this.#tokens[this.#next++] as Token
      if (token.type === 'tag' && token.content === end) return
    }
    throw this.error(`'${tag.name}' is not closed. Looked for: ${end}.`, tag.line)
  }

  get isAtFirstTag(): boolean {
    return this.#count === 1
  }

  expression(source: string, line: number): Expression {
    return this.#located(line, () => parseExpression(source, this.#registry))
  }

  action(line: number, run: Action, ...bodies: (readonly Node[])[]): ActionNode {
    return { kind: 'action', line, run, bodies }
  }

  load(library: string, only?: readonly string[]): void {
    const found = this.#template.library(library)
    this.#registry.add(only === undefined ? found : selectNames(found, library, only))
  }

  position(line: number): TemplatePosition {
    return { template: this.#template.name, file: this.#template.file, line }
  }

  error(problem: string, line: number): TemplateSyntaxError {
    return new TemplateSyntaxError(problem, this.position(line))
  }

  /** Calls `parse`, and adds the line to a SyntaxError. */
  #located<T>(line: number, parse: () => T): T {
    try {
      return parse()
    } catch (error) {
      throw error instanceof SyntaxError ? this.error(error.message, line) : error
    }
  }

  #parse(ends: readonly string[]): { nodes: Node[]; end?: TagToken } {
    const nodes: Node[] = []
    while (this.#next < this.#tokens.length) {
      const token = this.#tokens[this.#next++] as Token
      if (token.type === 'text') {
        nodes.push({ kind: 'text', text: token.content })
        continue
      }
      this.#count++
      if (token.type === 'tag') {
        const tag = this.#tag(token)
        if (ends.includes(tag.name)) return { nodes, end: tag }
        const node = this.#compile(tag)
        if (node !== undefined) nodes.push(node)
      } else nodes.push(this.#output(token))
    }
    return { nodes }
  }

  #tag({ content, line }: Token): TagToken {
    const [name, ...args] = words(content)
    if (name === undefined) throw this.error('This tag is empty.', line)
    return { name, args, content, line }
  }

  #output({ content, line }: Token): Node {
    if (content === '') throw this.error('These braces are empty.', line)
    const expression = this.expression(content, line)
    return this.action(line, (context) => expression.print(context))
  }

  #compile(tag: TagToken): Node | undefined {
    const compiler = this.#registry.compiler(tag.name)
    if (compiler !== undefined) return this.#located(tag.line, () => compiler(this, tag))
    const simple = this.#registry.tag(tag.name)
    if (simple !== undefined) return this.#located(tag.line, () => simpleTag(this, tag, simple))
    throw this.error(this.#unknownTagMessage(tag.name), tag.line)
  }

  #unknownTagMessage(name: string): string {
    const open = this.#openTags.at(-1)
    const within = open === undefined ? '' : ` '${open.name}' of line ${open.line} is not closed yet.`
    return `There is no tag '${name}'.${within}${this.#registry.suggestTag(name)} Is its library loaded?`
  }
}
