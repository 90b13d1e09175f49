/** An npm package that a cache backend needs: the project's copy, or else the framework's. It is loaded on first use. */
import { namedBy } from '#core/conf'
import { importPackage, resolvePackage } from '#core/utils'

export class LazyPackage<Module> {
  readonly #import: () => Promise<Module>
  #loading: Promise<void> | undefined
  #module: Module | undefined

  /** @throws ImproperlyConfigured if the package is not installed, with the command that installs it */
  constructor(alias: string, name: string) {
    const by = namedBy(`CACHES['${alias}']`)
    resolvePackage(name, by)
    this.#import = () => importPackage<Module>(name, by)
  }

  /** Loads the package. Returns undefined if it is loaded already. */
  load(): Promise<void> | undefined {
    if (this.#module !== undefined) return undefined
    this.#loading ??= this.#import().then((module) => void (this.#module = module))
    return this.#loading
  }

  /** The package. Only after `load`. */
  get module(): Module {
    return this.#module as Module
  }
}
