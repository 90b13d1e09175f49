/** Finds templates in the templates/ folders of the installed apps, in their order. */
import { type LoaderSetup, sourcesIn, type TemplateLoader, type TemplateSource } from './base.ts'

export class Loader implements TemplateLoader {
  readonly #folders: readonly string[]

  constructor({ appDirs }: LoaderSetup) {
    this.#folders = appDirs
  }

  sources(name: string): TemplateSource[] {
    return sourcesIn(this.#folders, name)
  }
}
