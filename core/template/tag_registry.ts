/** The tags and filters that a template can use: those that are built in, and those of the libraries it loads. */
import { didYouMean } from '#core/utils'
import type { Filter, Library, Tag, TagCompiler } from './library.ts'

export class TagRegistry {
  readonly #tags: Map<string, Tag>
  readonly #filters: Map<string, Filter>
  readonly #compilers: Map<string, TagCompiler>

  constructor(from?: TagRegistry) {
    this.#tags = new Map(from && from.#tags)
    this.#filters = new Map(from && from.#filters)
    this.#compilers = new Map(from && from.#compilers)
  }

  /** Adds a library. Its tags and filters replace earlier ones of the same name. */
  add({ filters = {}, tags = {}, compilers = {} }: Library): void {
    for (const [name, filter] of Object.entries(filters)) this.#filters.set(name, filter)
    for (const [name, tag] of Object.entries(tags)) {
      this.#tags.set(name, tag)
      this.#compilers.delete(name)
    }
    for (const [name, compiler] of Object.entries(compilers)) {
      this.#compilers.set(name, compiler)
      this.#tags.delete(name)
    }
  }

  tag(name: string): Tag | undefined {
    return this.#tags.get(name)
  }

  compiler(name: string): TagCompiler | undefined {
    return this.#compilers.get(name)
  }

  filter(name: string): Filter | undefined {
    return this.#filters.get(name)
  }

  /** ` Did you mean …?` for an unknown tag. */
  suggestTag(name: string): string {
    return didYouMean(name, [...this.#compilers.keys(), ...this.#tags.keys()])
  }

  suggestFilter(name: string): string {
    return didYouMean(name, this.#filters.keys())
  }
}

/**
 * A library with some of its tags and filters.
 * @throws SyntaxError for a name that is not in the library
 */
export function selectNames(library: Library, libraryName: string, names: readonly string[]): Library {
  const parts = [library.tags, library.filters, library.compilers].map((entries = {}) => Object.entries(entries))
  const known = new Set(parts.flat().map(([name]) => name))
  const missing = names.find((name) => !known.has(name))
  if (missing !== undefined) {
    throw new SyntaxError(
      `The library '${libraryName}' has no tag or filter '${missing}'.${didYouMean(missing, known)}`,
    )
  }
  const [tags, filters, compilers] = parts.map((entries) =>
    Object.fromEntries((entries as [string, never][]).filter(([name]) => names.includes(name))),
  )
  return { tags, filters, compilers } as Library
}
