/** From tokens to nodes: finds each tag's compiler and each tag's end, and says where something is wrong. */
import { type TemplatePosition, TemplateSyntaxError } from '../errors.ts'
import type { Library, TagParser, TagToken } from '../library.ts'
import { partOf, type TagRegistry } from '../tag_registry.ts'
import { type Expression, readExpression } from './expression.ts'
import { type Token, words } from './lexer.ts'
import type { Action, ActionNode, Node } from './nodes.ts'
import { simpleTag } from './simple_tag.ts'

/** What a parser knows of the template it reads. */
export interface Source {
  readonly name: string
  readonly file: string | undefined
  /** The library that `{% load %}` names, or an error that lists those that there are. */
  library(name: string): Library
}

export class Parser implements TagParser {
  readonly shared = new Map<string, unknown>()
  readonly #vocabulary: TagRegistry
  readonly #source: Source
  readonly #tokens: readonly Token[]
  readonly #open: TagToken[] = []
  #next = 0
  #seen = 0

  constructor(tokens: readonly Token[], vocabulary: TagRegistry, source: Source) {
    this.#tokens = tokens
    this.#vocabulary = vocabulary
    this.#source = source
  }

  get name(): string {
    return this.#source.name
  }

  /** Reads the whole template. */
  parseAll(): readonly Node[] {
    return this.#parse([]).nodes
  }

  parseUntil(tag: TagToken, ends: readonly string[]): { nodes: readonly Node[]; end: TagToken } {
    this.#open.push(tag)
    const { nodes, end } = this.#parse(ends)
    this.#open.pop()
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
    return this.#seen === 1
  }

  expression(text: string, line: number): Expression {
    return this.#located(line, () => readExpression(text, this.#vocabulary))
  }

  action(line: number, run: Action, ...bodies: (readonly Node[])[]): ActionNode {
    return { kind: 'action', line, run, bodies }
  }

  load(library: string, only?: readonly string[]): void {
    const found = this.#source.library(library)
    this.#vocabulary.add(only === undefined ? found : partOf(found, library, only))
  }

  position(line: number): TemplatePosition {
    return { template: this.#source.name, file: this.#source.file, line }
  }

  error(problem: string, line: number): TemplateSyntaxError {
    return new TemplateSyntaxError(problem, this.position(line))
  }

  #located<T>(line: number, read: () => T): T {
    try {
      return read()
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
      this.#seen++
      if (token.type === 'tag') {
        const tag = this.#tag(token)
        if (ends.includes(tag.name)) return { nodes, end: tag }
        const node = this.#compiled(tag)
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

  #compiled(tag: TagToken): Node | undefined {
    const compiler = this.#vocabulary.compiler(tag.name)
    if (compiler !== undefined) return this.#located(tag.line, () => compiler(this, tag))
    const simple = this.#vocabulary.tag(tag.name)
    if (simple !== undefined) return this.#located(tag.line, () => simpleTag(this, tag, simple))
    throw this.error(this.#unknown(tag.name), tag.line)
  }

  #unknown(name: string): string {
    const open = this.#open.at(-1)
    const within = open === undefined ? '' : ` '${open.name}' of line ${open.line} is not closed yet.`
    return `There is no tag '${name}'.${within}${this.#vocabulary.nearTag(name)} Is its library loaded?`
  }
}
