/** Finds templates in the templates/ folders of the installed apps, in their order. */
import type { LoaderSetup, TemplateLoader, TemplateSource } from './base.ts'
import { sourcesIn } from './folders.ts'

export class Loader implements TemplateLoader {
  readonly #folders: readonly string[]

  constructor({ appDirs }: LoaderSetup) {
    this.#folders = appDirs
  }

  sources(name: string): TemplateSource[] {
    return sourcesIn(this.#folders, name)
  }
}
