/** What a template sees while it is rendered: variables in scopes, the request, and what its tags keep in mind. */

type Variables = Record<string, unknown>

/** Renders the content of a `{% block %}` of one template. */
export type Block = (context: Context) => string

/** A template that can be rendered in a context. */
export interface Renderable {
  /** Its file, where it has one. */
  readonly file: string | undefined
  /** Its blocks by name. */
  readonly blocks: ReadonlyMap<string, Block>
  /** Renders the whole template. Called by Context.render(), which prepares the blocks. */
  renderRoot(context: Context): string
}

/** What a template may want of its engine while it is rendered. */
export interface Templates {
  /** What a variable prints that is not there; `%s` in it is its name. */
  readonly stringIfInvalid: string
  /**
   * The first template that exists of some names.
   * @param without files that are not meant: a template that extends its namesake means the next one
   * @throws TemplateDoesNotExist with every place that was tried
   */
  find(names: readonly string[], without?: ReadonlySet<string>): Renderable
}

const CONSTANTS: Variables = Object.assign(Object.create(null) as Variables, {
  True: true,
  False: false,
  None: null,
  true: true,
  false: false,
  null: null,
})

/** Copies own properties alone, into an object without a prototype: a name never leads to Object.prototype. */
const scopeOf = (variables: object): Variables => Object.assign(Object.create(null) as Variables, variables)

export class Context {
  readonly templates: Templates
  readonly request: unknown
  /** Whether `{{ … }}` escapes; `{% autoescape %}` turns it on and off. */
  autoescape: boolean
  /** Blocks of the template that is rendered, by id: the child's first, then its parent's. */
  #blocks = new Map<string, Block[]>()
  /** Files of the templates that extend each other, so that one can extend its namesake in another folder. */
  extended = new Set<string>()
  #kept = new Map<object, unknown>()
  #scopes: Variables[]

  constructor(templates: Templates, variables: object, request: unknown, autoescape: boolean) {
    this.templates = templates
    this.request = request
    this.autoescape = autoescape
    this.#scopes = [CONSTANTS, scopeOf(variables)]
  }

  /** The value of a name in the innermost scope that has it. */
  get(name: string): unknown {
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const scope = this.#scopes[i] as Variables
      if (name in scope) return scope[name]
    }
    return undefined
  }

  /** Gives a name a value in the innermost scope. */
  set(name: string, value: unknown): void {
    ;(this.#scopes.at(-1) as Variables)[name] = value
  }

  /** Gives a name a value in the innermost scope that has it, or else in the innermost. */
  setUpward(name: string, value: unknown): void {
    const scope = this.#scopes.slice(1).findLast((each) => name in each) ?? this.#scopes.at(-1)
    ;(scope as Variables)[name] = value
  }

  /** All variables in one object, and `request` where there is one. */
  flatten(): Variables {
    const own = this.request === undefined ? {} : { request: this.request }
    return Object.assign(Object.create(null) as Variables, own, ...this.#scopes.slice(1)) as Variables
  }

  /** Runs `inside` with more variables, which are gone afterwards. */
  within<T>(variables: object, inside: () => T): T {
    this.#scopes.push(scopeOf(variables))
    try {
      return inside()
    } finally {
      this.#scopes.pop()
    }
  }

  /** Runs `inside` with these variables alone. */
  isolated<T>(variables: object, inside: () => T): T {
    const scopes = this.#scopes
    this.#scopes = [CONSTANTS, scopeOf({ csrf_token: this.get('csrf_token') }), scopeOf(variables)]
    try {
      return inside()
    } finally {
      this.#scopes = scopes
    }
  }

  /** What a tag keeps from one time it is rendered to the next, within one rendering of its template. */
  kept<T>(tag: object, start: () => T): T {
    if (!this.#kept.has(tag)) this.#kept.set(tag, start())
    return this.#kept.get(tag) as T
  }

  keep(tag: object, value: unknown): void {
    this.#kept.set(tag, value)
  }

  /** Renders a template in this context, with blocks and kept things of its own. */
  render(template: Renderable): string {
    const { extended } = this
    const [blocks, kept] = [this.#blocks, this.#kept]
    this.#blocks = new Map([...template.blocks].map(([id, block]) => [id, [block]]))
    this.extended = new Set(template.file === undefined ? [] : [template.file])
    this.#kept = new Map()
    try {
      return template.renderRoot(this)
    } finally {
      this.#blocks = blocks
      this.extended = extended
      this.#kept = kept
    }
  }

  /** Adds the version of a block that the parent of the templates so far has. */
  addBlock(name: string, block: Block): void {
    const versions = this.#blocks.get(name)
    if (versions === undefined) this.#blocks.set(name, [block])
    else versions.push(block)
  }

  /** The version of a block to render: that of the most derived template that has the block. */
  getBlock(name: string): Block | undefined {
    return this.#blocks.get(name)?.[0]
  }

  /** The next version of a block after this one, for `{{ block.super }}`. */
  parentOf(name: string, block: Block): Block | undefined {
    const versions = this.#blocks.get(name) ?? []
    return versions[versions.indexOf(block) + 1]
  }
}
