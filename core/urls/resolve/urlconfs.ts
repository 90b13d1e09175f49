/** The urlconfs of a process, each imported once with all modules that it includes by name. */
import { ImproperlyConfigured } from '#core/exceptions'
import { importModule } from '#core/utils'
import type { UrlPatterns } from '../patterns/pattern.ts'
import { readHandlers, RootResolver } from './root.ts'
import { fillIn, Included, type UrlconfModule } from '../patterns/include.ts'
import { InvalidUrlconf, type Problem, problemsIn } from '../errors.ts'
import { URLResolver } from './resolver.ts'

/** The dotted name of a module, a module, or a list of patterns. */
export type Urlconf = string | UrlconfModule | UrlPatterns

/** The location of an included list, for messages. */
interface UrlconfLocation {
  /** `ROOT_URLCONF names 'apps.urls'`. */
  readonly names: string
  /** `apps.urls`. */
  readonly module: string
}

/** Walks a tree of patterns, imports modules that are included by name, and collects problems. */
class Inspection {
  readonly problems: Problem[] = []
  readonly #root: string
  readonly #seen = new Set<unknown>()

  constructor(root: string) {
    this.#root = root
  }

  async visit(included: Included, place: UrlconfLocation): Promise<void> {
    this.problems.push(...problemsIn(included, place.names, place.module))
    // A list may be included in several places, or in itself.
    if (this.#seen.has(included.patterns)) return
    this.#seen.add(included.patterns)
    for (const entry of included.patterns as readonly unknown[]) {
      if (entry instanceof URLResolver) await this.#visitInclude(entry, place)
    }
  }

  async #visitInclude({ included, pattern }: URLResolver, { module }: UrlconfLocation): Promise<void> {
    const where = `include() behind '${pattern.text}' of ${module}`
    const { name } = included
    if (name !== undefined && !included.isLoaded) {
      fillIn(included, await importModule(name, { setting: where, root: this.#root }))
    }
    // The getter throws for a namespace without an application name, so that this is reported at startup.
    void included.namespace
    const names = name === undefined ? `${where} is given a module` : `${where} names '${name}'`
    await this.visit(included, { names, module: name ?? `the ${where}` })
  }
}

export class Urlconfs {
  readonly #named = new Map<string, Promise<RootResolver>>()
  readonly #loaded = new Map<string, RootResolver>()
  readonly #given = new WeakMap<object, RootResolver>()

  /**
   * Imports a urlconf and all modules that it includes by name. Later calls with a name return the same resolver.
   * @param setting the setting that names it, for messages: `ROOT_URLCONF`
   * @param root the directory that dotted names are relative to
   * @throws ImproperlyConfigured if a module is missing or has no valid URL patterns
   */
  async load(urlconf: Urlconf, setting: string, root: string): Promise<RootResolver> {
    if (typeof urlconf !== 'string') return this.#loadGiven(urlconf, setting, root)
    let loading = this.#named.get(urlconf)
    if (loading === undefined) {
      loading = this.#loadNamed(urlconf, setting, root)
      this.#named.set(urlconf, loading)
    }
    try {
      return await loading
    } catch (error) {
      this.#named.delete(urlconf)
      throw error
    }
  }

  async #loadNamed(name: string, setting: string, root: string): Promise<RootResolver> {
    const module = await importModule(name, { setting, root })
    const resolver = await this.#inspected(module, { names: `${setting} names '${name}'`, module: name }, root)
    this.#loaded.set(name, resolver)
    return resolver
  }

  async #loadGiven(urlconf: UrlconfModule | UrlPatterns, setting: string, root: string): Promise<RootResolver> {
    const module = Array.isArray(urlconf) ? { urlpatterns: urlconf } : (urlconf as unknown as Record<string, unknown>)
    const place = { names: `${setting} is given a module`, module: 'the URL configuration' }
    const resolver = await this.#inspected(module, place, root)
    this.#given.set(urlconf, resolver)
    return resolver
  }

  async #inspected(
    module: Readonly<Record<string, unknown>>,
    place: UrlconfLocation,
    root: string,
  ): Promise<RootResolver> {
    const inspection = new Inspection(root)
    await inspection.visit(new Included(module, undefined, undefined), place)
    const { handlers, problems } = await readHandlers(module, place.module, root)
    const all = [...inspection.problems, ...problems]
    if (all.length > 0) throw new InvalidUrlconf(place.names, all)
    return new RootResolver(module as unknown as UrlconfModule, handlers)
  }

  /**
   * The resolver of a urlconf.
   * @throws ImproperlyConfigured if it is given by name and not loaded yet
   */
  get(urlconf: Urlconf): RootResolver {
    if (typeof urlconf === 'string') {
      const resolver = this.#loaded.get(urlconf)
      if (resolver !== undefined) return resolver
      throw new ImproperlyConfigured(
        `The URL patterns of '${urlconf}' are not loaded yet: \`await loadUrlconf()\` of #core/urls first. createApplication() does so.`,
      )
    }
    let resolver = this.#given.get(urlconf)
    if (resolver === undefined) this.#given.set(urlconf, (resolver = new RootResolver(urlconf)))
    return resolver
  }
}
