/** Finds templates in the directories of DIRS. */
import { type LoaderSetup, sourcesIn, type TemplateLoader, type TemplateSource } from './base.ts'

export class Loader implements TemplateLoader {
  readonly #directories: readonly string[]

  /** @param directories used instead of DIRS */
  constructor({ dirs }: LoaderSetup, directories: readonly string[] = dirs) {
    this.#directories = directories
  }

  sources(name: string): TemplateSource[] {
    return sourcesIn(this.#directories, name)
  }
}
