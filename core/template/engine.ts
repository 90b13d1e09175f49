/** One engine: finds templates by name, keeps them compiled, and renders them. */
import { settings } from '#core/conf'
import { didYouMean, joinWithAnd } from '#core/utils'
import { CompiledTemplate } from './compile.ts'
import { Context, type Templates } from './context.ts'
import { TemplateDoesNotExist, type Tried } from './errors.ts'
import type { Library } from './library.ts'
import type { TemplateLoader, TemplateSource } from './loaders/base.ts'
import { handlePromisesIn, handlePromisesOf, refusePromise } from './promises.ts'
import { tokenize } from './syntax/lexer.ts'
import { Parser } from './syntax/parser.ts'
import { TagRegistry } from './tag_registry.ts'

/** Adds variables to every template that is rendered for a request. */
export type ContextProcessor = (request: unknown) => Record<string, unknown>

export interface EngineParts {
  readonly loaders: readonly TemplateLoader[]
  readonly builtins: readonly Library[]
  readonly libraries: ReadonlyMap<string, Library>
  readonly contextProcessors: readonly ContextProcessor[]
  readonly autoescape?: boolean
  /** What a variable prints that is not there; `%s` in it is its name. */
  readonly stringIfInvalid?: string
  /** Whether templates are read again when they have changed; else as settings.DEBUG says. */
  readonly debug?: boolean | undefined
}

interface Kept {
  readonly stamp: string
  readonly template: CompiledTemplate
}

export class Engine implements Templates {
  readonly autoescape: boolean
  readonly stringIfInvalid: string
  readonly #parts: EngineParts
  readonly #vocabulary = new TagRegistry()
  readonly #byOrigin = new Map<string, Kept>()
  readonly #byName = new Map<string, CompiledTemplate>()

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.autoescape = parts.autoescape ?? true
    this.stringIfInvalid = parts.stringIfInvalid ?? ''
    for (const library of parts.builtins) this.#vocabulary.add(library)
  }

  /** The template of a source that lies in no file. */
  compile(source: string, name = '<string>', file?: string): CompiledTemplate {
    const from = { name, file, library: (each: string) => this.#library(each) }
    return new CompiledTemplate(
      name,
      file,
      new Parser(tokenize(source), new TagRegistry(this.#vocabulary), from).parseAll(),
    )
  }

  find(names: readonly string[], without: ReadonlySet<string> = new Set()): CompiledTemplate {
    const tried: Tried[] = []
    for (const name of names) {
      const found = this.#find(name, without, tried)
      if (found !== undefined) return found
    }
    throw new TemplateDoesNotExist(names.join(', '), tried)
  }

  render(template: CompiledTemplate, variables: Record<string, unknown> = {}, request?: unknown): string {
    let all: Record<string, unknown> = variables
    try {
      handlePromisesOf(variables)
      if (request !== undefined) all = Object.assign({}, ...this.#processed(request), variables) as typeof variables
      return new Context(this, all, request, this.autoescape).render(template)
    } catch (error) {
      // Promises that the page has not used yet may reject later.
      handlePromisesIn(all)
      throw error
    }
  }

  #processed(request: unknown): Record<string, unknown>[] {
    return this.#parts.contextProcessors.map((process) => {
      const added = refusePromise(process(request), `What the context processor '${process.name}' returns`)
      handlePromisesOf(added)
      return added
    })
  }

  #find(name: string, without: ReadonlySet<string>, tried: Tried[]): CompiledTemplate | undefined {
    const readsAgain = this.#parts.debug ?? settings.DEBUG
    const kept = this.#byName.get(name)
    if (kept !== undefined && !readsAgain && without.size === 0) return kept
    for (const source of this.#parts.loaders.flatMap((loader) => loader.sources(name))) {
      const reason = this.#reasonAgainst(source, without)
      if (reason === undefined) {
        const template = this.#compiled(name, source)
        if (without.size === 0) this.#byName.set(name, template)
        return template
      }
      tried.push({ origin: source.origin, reason })
    }
    return undefined
  }

  #reasonAgainst(source: TemplateSource, without: ReadonlySet<string>): string | undefined {
    if (source.file !== undefined && without.has(source.file)) return 'it extends itself otherwise'
    return source.stamp() === undefined ? 'does not exist' : undefined
  }

  #compiled(name: string, source: TemplateSource): CompiledTemplate {
    const stamp = source.stamp() ?? ''
    const kept = this.#byOrigin.get(source.origin)
    if (kept !== undefined && kept.stamp === stamp) return kept.template
    const template = this.compile(source.read(), name, source.file)
    this.#byOrigin.set(source.origin, { stamp, template })
    return template
  }

  #library(name: string): Library {
    const library = this.#parts.libraries.get(name)
    if (library !== undefined) return library
    const known = [...this.#parts.libraries.keys()].toSorted()
    throw new SyntaxError(
      `There is no template library '${name}'.${didYouMean(name, known)} There are: ${joinWithAnd(known)}.`,
    )
  }
}
