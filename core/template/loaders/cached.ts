/** Delegates to other loaders. Accepted because Django has it: engines cache compiled templates with all loaders. */
import type { LoaderSetup, TemplateLoader, TemplateSource } from './base.ts'

export class Loader implements TemplateLoader {
  /** The argument in OPTIONS.loaders is a list of loaders. */
  static readonly takesLoaders = true
  readonly #loaders: readonly TemplateLoader[]

  constructor(_setup: LoaderSetup, loaders: readonly TemplateLoader[]) {
    this.#loaders = loaders
  }

  sources(name: string): TemplateSource[] {
    return this.#loaders.flatMap((loader) => loader.sources(name))
  }
}
