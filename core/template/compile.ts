/** Compiles the nodes of a template to functions. */
import type { Block, Context, Renderable } from './context.ts'
import { rememberPosition, type TemplatePosition } from './errors.ts'
import { refusePromise } from './promises.ts'
import { markSafe } from './safe.ts'
import type { ActionNode, BlockNode, Body, ExtendsNode, Node } from './library.ts'

/** A compiled node: its text, or a function that renders it. */
type Part = string | Render
type Render = (context: Context) => string

function renderParts(parts: readonly Part[], context: Context): string {
  let output = ''
  for (const part of parts) output += typeof part === 'string' ? part : part(context)
  return output
}

function bindBodies(bodies: readonly (readonly Part[])[], context: Context): Body[] {
  const bound: Body[] = []
  for (const parts of bodies) bound.push(() => renderParts(parts, context))
  return bound
}

/** A compiled template. */
export class CompiledTemplate implements Renderable {
  readonly name: string
  readonly file: string | undefined
  readonly blocks = new Map<string, Block>()
  readonly #render: Render

  constructor(name: string, file: string | undefined, nodes: readonly Node[]) {
    this.name = name
    this.file = file
    const parts = this.#compile(nodes)
    const parent = nodes.find((node) => node.kind === 'extends')
    // A template with a parent renders its parent. Of its own nodes only the blocks are used, which #compile() has collected.
    this.#render = parent === undefined ? (context) => renderParts(parts, context) : this.#compileExtends(parent)
  }

  renderRoot(context: Context): string {
    return this.#render(context)
  }

  #compile(nodes: readonly Node[]): Part[] {
    return nodes.map((node) => {
      if (node.kind === 'text') return node.text
      if (node.kind === 'action') return this.#compileAction(node)
      return node.kind === 'block' ? this.#compileBlock(node) : ''
    })
  }

  #compileAction({ line, run, bodies }: ActionNode): Render {
    const position = this.#position(line)
    const compiled = bodies.map((body) => this.#compile(body))
    return (context) => {
      try {
        const output: unknown = run(context, bindBodies(compiled, context))
        return typeof output === 'string' ? output : String(refusePromise(output, 'The output of this tag'))
      } catch (thrown) {
        throw located(thrown, position)
      }
    }
  }

  #compileBlock({ line, name, body }: BlockNode): Render {
    const position = this.#position(line)
    const parts = this.#compile(body)
    const own: Block = (context) => {
      const parent = context.parentOf(name, own)
      const block = { name, super: () => (parent === undefined ? '' : markSafe(parent(context))) }
      try {
        return context.withVariables({ block }, () => renderParts(parts, context))
      } catch (thrown) {
        throw located(thrown, position)
      }
    }
    this.blocks.set(name, own)
    // The context has no block of this name while an included template renders `{{ block.super }}`.
    return (context) => (context.getBlock(name) ?? own)(context)
  }

  #compileExtends({ line, parent }: ExtendsNode): Render {
    const position = this.#position(line)
    const find = (context: Context): Renderable => {
      try {
        return parent(context)
      } catch (thrown) {
        throw located(thrown, position)
      }
    }
    return (context) => {
      const template = find(context)
      for (const [name, block] of template.blocks) context.addBlock(name, block)
      return template.renderRoot(context)
    }
  }

  #position(line: number): TemplatePosition {
    return { template: this.name, file: this.file, line }
  }
}

/** Records the position of an error. A falsy value is replaced with an Error, because callers may test for one. */
function located(thrown: unknown, position: TemplatePosition): unknown {
  const error = thrown ? thrown : new Error(`A template's value threw ${String(thrown)}.`)
  rememberPosition(error, position)
  return error
}
