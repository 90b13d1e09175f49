/** One entry of `urlpatterns` that leads to further patterns: an include, and the root of them all. */
import type { Tried, UrlEntry, UrlPatterns } from './entry.ts'
import type { Included } from './include.ts'
import type { MatchedStart, PathPattern } from './path_pattern.ts'
import { ResolverMatch } from './resolver_match.ts'
import { SegmentIndex } from './segment_index.ts'

const joinRoutes = (start: string, end: string): string => (start === '' ? end : start + end.replace(/^\^/, ''))

export class URLResolver implements UrlEntry {
  readonly pattern: PathPattern
  readonly included: Included
  /** Given to every view below. */
  readonly kwargs: Readonly<Record<string, unknown>>
  #index: SegmentIndex<UrlEntry> | undefined

  constructor(pattern: PathPattern, included: Included, kwargs: Readonly<Record<string, unknown>>) {
    this.pattern = pattern
    this.included = included
    this.kwargs = kwargs
  }

  get appName(): string | undefined {
    return this.included.appName
  }

  get namespace(): string | undefined {
    return this.included.namespace
  }

  get urlPatterns(): UrlPatterns {
    return this.included.patterns as UrlPatterns
  }

  find(path: string): ResolverMatch | undefined {
    const matched = this.pattern.match(path)
    if (matched === undefined) return undefined
    this.#index ??= new SegmentIndex(this.urlPatterns, (entry) => entry.pattern.literalSegments)
    for (const entry of this.#index.candidates(matched.rest)) {
      const found = entry.find(matched.rest)
      if (found !== undefined) return this.#around(found, matched)
    }
    return undefined
  }

  #around(found: ResolverMatch, { args, kwargs }: MatchedStart): ResolverMatch {
    const merged = { ...kwargs, ...this.kwargs, ...found.kwargs }
    const { appName, namespace } = this
    return new ResolverMatch({
      func: found.func,
      // Where there are named groups, those without a name count for nothing.
      args: Object.keys(merged).length === 0 ? [...args, ...found.args] : found.args,
      kwargs: merged,
      urlName: found.urlName,
      appNames: appName === undefined ? found.appNames : [appName, ...found.appNames],
      namespaces: namespace === undefined ? found.namespaces : [namespace, ...found.namespaces],
      route: joinRoutes(this.pattern.text, found.route),
      isFixed: found.isFixed && this.pattern.isLiteral,
    })
  }

  listTried(path: string): Tried[] {
    const rest = this.pattern.match(path)?.rest
    if (rest === undefined) return [[this]]
    return this.urlPatterns.flatMap((entry) => entry.listTried(rest).map((way): Tried => [this, ...way]))
  }

  describe(): string {
    return `'${this.pattern.text}'`
  }
}
