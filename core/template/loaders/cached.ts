/** Asks other loaders. Every engine keeps compiled templates by itself, so this is here for copied settings alone. */
import type { LoaderSetup, TemplateLoader, TemplateSource } from './base.ts'

export class Loader implements TemplateLoader {
  /** The argument in the settings is a list of loaders. */
  static readonly takesLoaders = true
  readonly #loaders: readonly TemplateLoader[]

  constructor(_setup: LoaderSetup, loaders: readonly TemplateLoader[]) {
    this.#loaders = loaders
  }

  sources(name: string): TemplateSource[] {
    return this.#loaders.flatMap((loader) => loader.sources(name))
  }
}
