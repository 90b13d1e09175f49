/** From nodes to a function, by nunjucks: it writes the code and does inheritance; what Django means lies in the actions. */
// oxlint-disable no-underscore-dangle -- nunjucks names its compiler's methods so.
import { createRequire } from 'node:module'
import { compileFunction } from 'node:vm'
import type { Block, Context, Renderable } from './context.ts'
import { rememberPosition, type TemplatePosition } from './errors.ts'
import { refusePromise } from './promises.ts'
import { markSafe } from './safe.ts'
import type { Action, Body, Node } from './syntax/nodes.ts'

/** What the written code asks of its surroundings. */
interface Environment {
  getTemplate(parent: Renderable, eager: boolean, child: string, lenient: boolean, done: FoundTemplate): void
}
type FoundTemplate = (error: unknown, template: { blocks: Record<string, Block>; rootRenderFunc: Block }) => void
interface Runtime {
  handleError(error: unknown): unknown
}
interface Frame {
  push(): Frame
}

const runtime: Runtime = { handleError: (error) => error }
const frame: Frame = { push: () => frame }

type Make = (run: readonly Runner[]) => Record<string, Block>

/** Runs an action, and remembers where in the template it failed. */
type Runner = (context: Context, bodies?: readonly Body[], self?: Block) => unknown

interface CompilerNode {
  readonly lineno: number
}
type NodeClass = { new (line: number, column: number, ...fields: unknown[]): CompilerNode } & {
  extend(name: string, properties?: { fields: string[] }): NodeClass
}
interface CodeWriter {
  buffer: string
  compile(node: CompilerNode, frame?: object): void
  getCode(): string
  _emit(code: string): void
  _emitLine(code: string): void
  _pushBuffer(): string
  _popBuffer(): void
  _withScopedSyntax(write: () => void): void
}
interface Nunjucks {
  readonly Compiler: new (name: string, strict: boolean) => CodeWriter
  readonly nodes: Readonly<
    Record<'Node' | 'NodeList' | 'Root' | 'Output' | 'TemplateData' | 'Symbol' | 'Block' | 'Extends', NodeClass>
  >
}

interface Writer {
  readonly nodes: Nunjucks['nodes']
  /** Node of an action: number of its runner, bodies, and the name of the block function it stands in. */
  readonly ActionNode: NodeClass
  /** Node of an action whose value, not whose text, is wanted. */
  readonly ValueNode: NodeClass
  readonly Compiler: Nunjucks['Compiler']
}

let loaded: Writer | undefined

/** nunjucks, and its compiler with our two nodes. Loaded when the first template is compiled, not at start. */
function writer(): Writer {
  if (loaded !== undefined) return loaded
  const require = createRequire(import.meta.url)
  const { Compiler } = require('nunjucks/src/compiler') as Pick<Nunjucks, 'Compiler'>
  const nodes = require('nunjucks/src/nodes') as Nunjucks['nodes']

  class DjangoCompiler extends Compiler {
    compileDjangoValue({ value }: { value: number }): void {
      this._emit(`run[${value}](context)`)
    }

    compileDjangoAction(
      { run, bodies, self }: { run: number; bodies: { children: CompilerNode[] }; self: string | null },
      scope: object,
    ): void {
      this._emit(`${this.buffer} += run[${run}](context, [`)
      for (const body of bodies.children) this.#body(body, scope)
      this._emitLine(`]${self === null ? '' : `, ${self}`});`)
    }

    #body(body: CompilerNode, scope: object): void {
      this._emitLine('function() {')
      // Blocks within the body hand their errors to `cb`.
      this._emitLine('var cb = function(error) { if (error) throw error; };')
      const output = this._pushBuffer()
      this._withScopedSyntax(() => this.compile(body, scope))
      this._popBuffer()
      this._emitLine(`return ${output};`)
      this._emitLine('},')
    }
  }
  loaded = {
    nodes,
    ActionNode: nodes.Node.extend('DjangoAction', { fields: ['run', 'bodies', 'self'] }),
    ValueNode: nodes.Symbol.extend('DjangoValue'),
    Compiler: DjangoCompiler,
  }
  return loaded
}

/** A block's name as part of a JavaScript name, each name a different one. */
const identifier = (name: string): string =>
  name.replace(/[^A-Za-z0-9]/g, (each) => `$${each.charCodeAt(0).toString(16)}$`)

/** Turns our nodes into nunjucks' nodes, and gathers the functions that the code will call. */
class Translation {
  readonly runners: Runner[] = []
  readonly blockIds: string[] = []
  readonly #writer: Writer
  readonly #positionAt: (line: number) => TemplatePosition

  constructor(writer: Writer, positionAt: (line: number) => TemplatePosition) {
    this.#writer = writer
    this.#positionAt = positionAt
  }

  root(nodes: readonly Node[]): CompilerNode {
    const parent = nodes.find((node) => node.kind === 'extends')
    // Of a template that has a parent, only its blocks count, wherever they stand.
    const used = parent === undefined ? nodes : [parent, ...blocksIn(nodes)]
    return new this.#writer.nodes.Root(0, 0, this.#all(used))
  }

  #all(nodes: readonly Node[]): CompilerNode[] {
    return nodes.map((node) => this.#one(node))
  }

  #one(node: Node): CompilerNode {
    const { nodes, ValueNode } = this.#writer
    switch (node.kind) {
      case 'text':
        return new nodes.Output(0, 0, [new nodes.TemplateData(0, 0, node.text)])
      case 'extends':
        return new nodes.Extends(0, 0, new ValueNode(0, 0, this.#runner(node.line, node.parent)))
      case 'action':
        return this.#action(node.line, node.run, node.bodies)
      default: {
        const id = identifier(node.name)
        this.blockIds.push(id)
        const run: Runner = (context, bodies = [], self) =>
          runBlock(context, { id, name: node.name }, bodies[0] as Body, self as Block)
        const body = this.#action(node.line, run as Action, [node.body], `b_${id}`)
        return new nodes.Block(0, 0, new nodes.Symbol(0, 0, id), body)
      }
    }
  }

  #action(line: number, run: Action, bodies: readonly (readonly Node[])[], self?: string): CompilerNode {
    const { nodes, ActionNode } = this.#writer
    const parts = bodies.map((body) => new nodes.NodeList(0, 0, this.#all(body)))
    return new ActionNode(0, 0, this.#runner(line, run as Runner), new nodes.NodeList(0, 0, parts), self)
  }

  #runner(line: number, run: Runner): number {
    const position = this.#positionAt(line)
    const located: Runner = (context, bodies, self) => {
      try {
        const result = run(context, bodies, self)
        return typeof result === 'string' ? result : refusePromise(result, 'What this tag prints')
      } catch (thrown) {
        // The compiled code takes a falsy error for none.
        const error: unknown = thrown ? thrown : new Error(`A template's value threw ${String(thrown)}.`)
        rememberPosition(error, position)
        // oxlint-disable-next-line typescript/only-throw-error
        throw error
      }
    }
    return this.runners.push(located) - 1
  }
}

/** Blocks among nodes and within their bodies, except those that lie in another block. */
function blocksIn(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'block') return [node]
    return node.kind === 'action' ? node.bodies.flatMap(blocksIn) : []
  })
}

/** What a written function prints. */
function outputOf(block: Block, context: Context): string {
  let output = ''
  let failure: { error: unknown } | undefined
  block(environment, context, frame, runtime, (error, text) => {
    if (error) failure = { error }
    else output = text as string
  })
  if (failure !== undefined) throw failure.error
  return output
}

/** A parent's code in the form that nunjucks' code calls. */
const rootOf =
  (parent: Renderable): Block =>
  (_env, context, _frame, _runtime, done) =>
    done(null, parent.renderRoot(context))

const environment: Environment = {
  getTemplate: (parent, _eager, _child, _lenient, done) =>
    done(null, { blocks: Object.fromEntries(parent.blocks), rootRenderFunc: rootOf(parent) }),
}

/** Renders a block's body, in which `block.super` is the same block of the parent template. */
function runBlock(context: Context, { id, name }: { id: string; name: string }, body: Body, self: Block): string {
  const parent = context.parentOf(id, self)
  const block = {
    name,
    super: () => (parent === undefined ? '' : markSafe(outputOf(parent, context))),
  }
  return context.within({ block }, body)
}

/** A template as a function. */
export class CompiledTemplate implements Renderable {
  readonly name: string
  readonly file: string | undefined
  /** Its blocks, by id. */
  readonly blocks: ReadonlyMap<string, Block>
  readonly #root: Block

  constructor(name: string, file: string | undefined, nodes: readonly Node[]) {
    this.name = name
    this.file = file
    const tools = writer()
    const translation = new Translation(tools, (line) => ({ template: name, file, line }))
    const compiler = new tools.Compiler(name, false)
    compiler.compile(translation.root(nodes))
    const make = compileFunction(compiler.getCode(), ['run'], { filename: `${file ?? name} (compiled)` }) as Make
    const functions = make(translation.runners)
    const { root, ...blocks } = functions
    this.#root = root as Block
    this.blocks = new Map(translation.blockIds.map((id) => [id, blocks[`b_${id}`] as Block]))
  }

  /** The whole template; Context.render() comes here, after it has prepared the blocks. */
  renderRoot(context: Context): string {
    return outputOf(this.#root, context)
  }
}
