/** Finds templates in the templates/ directories of the installed apps. */
import { type LoaderSetup, sourcesIn, type TemplateLoader, type TemplateSource } from './base.ts'

export class Loader implements TemplateLoader {
  readonly #directories: readonly string[]

  constructor({ appDirs }: LoaderSetup) {
    this.#directories = appDirs
  }

  sources(name: string): TemplateSource[] {
    return sourcesIn(this.#directories, name)
  }
}
