/** A template engine: finds, compiles, caches and renders templates. */
import { settings } from '#core/conf'
import { didYouMean, joinWithAnd } from '#core/utils'
import { CompiledTemplate } from './compile.ts'
import { Context, type RenderingEngine } from './context.ts'
import { TemplateDoesNotExist, type Tried } from './errors.ts'
import type { Library } from './library.ts'
import type { TemplateLoader, TemplateSource } from './loaders/base.ts'
import { handlePromisesIn, handlePromisesOf, refusePromise } from './promises.ts'
import { tokenize } from './syntax/lexer.ts'
import { Parser } from './syntax/parser.ts'
import { TagRegistry } from './tag_registry.ts'

/** Returns variables for every template that is rendered for a request. */
export type ContextProcessor = (request: unknown) => Record<string, unknown>

export interface EngineParts {
  readonly loaders: readonly TemplateLoader[]
  readonly builtins: readonly Library[]
  readonly libraries: ReadonlyMap<string, Library>
  readonly contextProcessors: readonly ContextProcessor[]
  readonly autoescape?: boolean
  /** Printed for a missing variable. `%s` in it is replaced with the expression. */
  readonly stringIfInvalid?: string
  /** Whether changed templates are reloaded; settings.DEBUG by default. */
  readonly debug?: boolean | undefined
}

interface CachedTemplate {
  readonly stamp: string
  readonly template: CompiledTemplate
}

export class Engine implements RenderingEngine {
  readonly autoescape: boolean
  readonly stringIfInvalid: string
  readonly #parts: EngineParts
  readonly #registry = new TagRegistry()
  readonly #byOrigin = new Map<string, CachedTemplate>()
  readonly #byName = new Map<string, CompiledTemplate>()

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.autoescape = parts.autoescape ?? true
    this.stringIfInvalid = parts.stringIfInvalid ?? ''
    for (const library of parts.builtins) this.#registry.add(library)
  }

  /** @throws TemplateSyntaxError */
  compile(source: string, name = '<string>', file?: string): CompiledTemplate {
    const template = { name, file, library: (each: string) => this.#library(each) }
    const parser = new Parser(tokenize(source), new TagRegistry(this.#registry), template)
    return new CompiledTemplate(name, file, parser.parseAll())
  }

  find(names: readonly string[], skip: ReadonlySet<string> = new Set()): CompiledTemplate {
    const tried: Tried[] = []
    for (const name of names) {
      const found = this.#find(name, skip, tried)
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
      // Promises that the template did not reach may reject later.
      handlePromisesIn(all)
      throw error
    }
  }

  #processed(request: unknown): Record<string, unknown>[] {
    return this.#parts.contextProcessors.map((process) => {
      const added = refusePromise(process(request), `The result of the context processor '${process.name}'`)
      handlePromisesOf(added)
      return added
    })
  }

  #find(name: string, skip: ReadonlySet<string>, tried: Tried[]): CompiledTemplate | undefined {
    const reloads = this.#parts.debug ?? settings.DEBUG
    const cached = this.#byName.get(name)
    if (cached !== undefined && !reloads && skip.size === 0) return cached
    for (const source of this.#parts.loaders.flatMap((loader) => loader.sources(name))) {
      const reason = this.#reasonToSkip(source, skip)
      if (reason === undefined) {
        const template = this.#load(name, source)
        if (skip.size === 0) this.#byName.set(name, template)
        return template
      }
      tried.push({ origin: source.origin, reason })
    }
    return undefined
  }

  #reasonToSkip(source: TemplateSource, skip: ReadonlySet<string>): string | undefined {
    if (source.file !== undefined && skip.has(source.file)) return 'it would extend itself'
    return source.stamp() === undefined ? 'does not exist' : undefined
  }

  #load(name: string, source: TemplateSource): CompiledTemplate {
    const stamp = source.stamp() ?? ''
    const cached = this.#byOrigin.get(source.origin)
    if (cached !== undefined && cached.stamp === stamp) return cached.template
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
