/** The tags and filters that a template knows: those built in, and those that it loads. */
import { didYouMean } from '#core/utils'
import type { Filter } from './filter.ts'
import type { Library, Tag, TagCompiler } from './library.ts'

export class TagRegistry {
  readonly #tags: Map<string, Tag>
  readonly #filters: Map<string, Filter>
  readonly #compilers: Map<string, TagCompiler>

  constructor(from?: TagRegistry) {
    this.#tags = new Map(from && from.#tags)
    this.#filters = new Map(from && from.#filters)
    this.#compilers = new Map(from && from.#compilers)
  }

  /** Adds a library. A later one replaces an earlier one's names. */
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

  /** ` Did you mean …?` for a tag that is not known. */
  nearTag(name: string): string {
    return didYouMean(name, [...this.#compilers.keys(), ...this.#tags.keys()])
  }

  nearFilter(name: string): string {
    return didYouMean(name, this.#filters.keys())
  }
}

/**
 * A library with some of its names alone.
 * @throws SyntaxError for a name that it does not have
 */
export function partOf(library: Library, libraryName: string, names: readonly string[]): Library {
  const parts = [library.tags, library.filters, library.compilers].map((entries = {}) => Object.entries(entries))
  const known = new Set(parts.flat().map(([name]) => name))
  const absent = names.find((name) => !known.has(name))
  if (absent !== undefined) {
    throw new SyntaxError(`The library '${libraryName}' has no tag or filter '${absent}'.${didYouMean(absent, known)}`)
  }
  const [tags, filters, compilers] = parts.map((entries) =>
    Object.fromEntries((entries as [string, never][]).filter(([name]) => names.includes(name))),
  )
  return { tags, filters, compilers } as Library
}
