/** The state of one rendering: variables in scopes, the request, the blocks, and the state of tags. */

type Variables = Record<string, unknown>

/** Renders the content of a `{% block %}` of one template. */
export type Block = (context: Context) => string

/** A compiled template. */
export interface Renderable {
  /** Path of its file, if it comes from one. */
  readonly file: string | undefined
  /** Its blocks by name. */
  readonly blocks: ReadonlyMap<string, Block>
  /** Renders the whole template. Called by Context.render(), which prepares the blocks. */
  renderRoot(context: Context): string
}

/** The engine, as far as rendering needs it. */
export interface RenderingEngine {
  /** Printed for a missing variable. `%s` in it is replaced with the expression. */
  readonly stringIfInvalid: string
  /**
   * Finds the first of some templates that exists.
   * @param skip files to skip, so that a template can extend another one of the same name
   * @throws TemplateDoesNotExist with every place that was tried
   */
  find(names: readonly string[], skip?: ReadonlySet<string>): Renderable
}

const CONSTANTS: Variables = Object.assign(Object.create(null) as Variables, {
  True: true,
  False: false,
  None: null,
  true: true,
  false: false,
  null: null,
})

/** Copies the own properties into an object without a prototype, so that no name leads to Object.prototype. */
const scopeOf = (variables: object): Variables => Object.assign(Object.create(null) as Variables, variables)

export class Context {
  readonly engine: RenderingEngine
  readonly request: unknown
  /** Whether `{{ … }}` escapes. Changed by `{% autoescape %}`. */
  autoescape: boolean
  /** The versions of each block, from the most derived template to the base template. */
  #blocks = new Map<string, Block[]>()
  /** Files of the templates that extend each other. They are skipped when a parent is looked up. */
  extendedFiles = new Set<string>()
  #tagStates = new Map<object, unknown>()
  #scopes: Variables[]

  constructor(engine: RenderingEngine, variables: object, request: unknown, autoescape: boolean) {
    this.engine = engine
    this.request = request
    this.autoescape = autoescape
    this.#scopes = [CONSTANTS, scopeOf(variables)]
  }

  /** The value of a variable in the innermost scope that has it. */
  get(name: string): unknown {
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const scope = this.#scopes[i] as Variables
      if (name in scope) return scope[name]
    }
    return undefined
  }

  /** Sets a variable in the innermost scope. */
  set(name: string, value: unknown): void {
    ;(this.#scopes.at(-1) as Variables)[name] = value
  }

  /** Sets a variable in the innermost scope that has it, or else in the innermost scope. */
  setUpward(name: string, value: unknown): void {
    const scope = this.#scopes.slice(1).findLast((each) => name in each) ?? this.#scopes.at(-1)
    ;(scope as Variables)[name] = value
  }

  /** Returns all variables in a new object, and `request` if there is one. */
  flatten(): Variables {
    const own = this.request === undefined ? {} : { request: this.request }
    return Object.assign(Object.create(null) as Variables, own, ...this.#scopes.slice(1)) as Variables
  }

  /** Calls `fn` with an additional scope. */
  withVariables<T>(variables: object, fn: () => T): T {
    this.#scopes.push(scopeOf(variables))
    try {
      return fn()
    } finally {
      this.#scopes.pop()
    }
  }

  /** Calls `fn` with no variables but these and `csrf_token`. */
  withOnly<T>(variables: object, fn: () => T): T {
    const scopes = this.#scopes
    this.#scopes = [CONSTANTS, scopeOf({ csrf_token: this.get('csrf_token') }), scopeOf(variables)]
    try {
      return fn()
    } finally {
      this.#scopes = scopes
    }
  }

  /** The state of a tag within one rendering of its template. */
  getState<T>(tag: object, initialState: () => T): T {
    if (!this.#tagStates.has(tag)) this.#tagStates.set(tag, initialState())
    return this.#tagStates.get(tag) as T
  }

  setState(tag: object, state: unknown): void {
    this.#tagStates.set(tag, state)
  }

  /** Renders a template with these variables, and with blocks and tag states of its own. */
  render(template: Renderable): string {
    const { extendedFiles } = this
    const [blocks, states] = [this.#blocks, this.#tagStates]
    this.#blocks = new Map([...template.blocks].map(([name, block]) => [name, [block]]))
    this.extendedFiles = new Set(template.file === undefined ? [] : [template.file])
    this.#tagStates = new Map()
    try {
      return template.renderRoot(this)
    } finally {
      this.#blocks = blocks
      this.extendedFiles = extendedFiles
      this.#tagStates = states
    }
  }

  /** Adds the version of a block from the next parent template. */
  addBlock(name: string, block: Block): void {
    const versions = this.#blocks.get(name)
    if (versions === undefined) this.#blocks.set(name, [block])
    else versions.push(block)
  }

  /** The version of a block to render: that of the most derived template. */
  getBlock(name: string): Block | undefined {
    return this.#blocks.get(name)?.[0]
  }

  /** The version of a block after this one, for `{{ block.super }}`. */
  parentOf(name: string, block: Block): Block | undefined {
    const versions = this.#blocks.get(name) ?? []
    return versions[versions.indexOf(block) + 1]
  }
}
