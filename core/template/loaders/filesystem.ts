/** Finds templates in the folders of DIRS. */
import { type LoaderSetup, sourcesIn, type TemplateLoader, type TemplateSource } from './base.ts'

export class Loader implements TemplateLoader {
  readonly #folders: readonly string[]

  /** @param folders in the place of DIRS */
  constructor({ dirs }: LoaderSetup, folders: readonly string[] = dirs) {
    this.#folders = folders
  }

  sources(name: string): TemplateSource[] {
    return sourcesIn(this.#folders, name)
  }
}
