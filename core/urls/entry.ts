/** What the entries of `urlpatterns` have in common, whether they lead to a view or to further patterns. */
import type { PathPattern } from './path_pattern.ts'
import type { ResolverMatch } from './resolver_match.ts'

export interface UrlEntry {
  readonly pattern: PathPattern
  /** Given to the view, or to every view below, beside what the route captures. */
  readonly kwargs: Readonly<Record<string, unknown>>
  /** The match of a path that comes without its first slash. */
  find(path: string): ResolverMatch | undefined
  /** The ways that a path was tried in vain, for the page that explains a 404. */
  listTried(path: string): Tried[]
  /** As messages name it: `'about/' [name='about']`. */
  describe(): string
}

/** A way that was tried: the includes that matched, then the entry that did not. */
export type Tried = readonly UrlEntry[]

/** A list of what `path` and `rePath` give. */
export type UrlPatterns = readonly UrlEntry[]
