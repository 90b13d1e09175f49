/** Finds templates in an object of sources by name, for tests. */
import type { LoaderSetup, TemplateLoader, TemplateSource } from './base.ts'

export class Loader implements TemplateLoader {
  readonly #sources: Readonly<Record<string, string>>

  constructor(_setup: LoaderSetup, sources: Readonly<Record<string, string>> = {}) {
    this.#sources = sources
  }

  sources(name: string): TemplateSource[] {
    const source = Object.hasOwn(this.#sources, name) ? this.#sources[name] : undefined
    return [{ origin: `memory: ${name}`, stamp: () => source, read: () => source ?? '' }]
  }
}
