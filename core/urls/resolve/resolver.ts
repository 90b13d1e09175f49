/** `URLResolver`: an include, or the root of all patterns. */
import { fastPaths } from '#core/utils'
import {
  type MatchedStart,
  type PathPattern,
  ResolverMatch,
  type Tried,
  type UrlEntry,
  type UrlPatterns,
} from '../patterns/pattern.ts'
import type { Included } from '../patterns/include.ts'
import { indexBySegments } from '../fast/lookups.ts'

/** The entries that can match a path, in the order of the list. */
type Candidates = (path: string) => readonly UrlEntry[]

const candidatesIn: (entries: UrlPatterns) => Candidates = fastPaths ? indexBySegments : (entries) => () => entries

const joinRoutes = (start: string, end: string): string => (start === '' ? end : start + end.replace(/^\^/, ''))

export class URLResolver implements UrlEntry {
  readonly pattern: PathPattern
  readonly included: Included
  /** Passed to all included views. */
  readonly kwargs: Readonly<Record<string, unknown>>
  /** Built at the first request, because included modules are loaded after this object is created. */
  #candidates: Candidates | undefined

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
    this.#candidates ??= candidatesIn(this.urlPatterns)
    for (const entry of this.#candidates(matched.rest)) {
      const found = entry.find(matched.rest)
      if (found !== undefined) return this.#combined(found, matched)
    }
    return undefined
  }

  #combined(found: ResolverMatch, { args, kwargs }: MatchedStart): ResolverMatch {
    const merged = { ...kwargs, ...this.kwargs, ...found.kwargs }
    const { appName, namespace } = this
    return new ResolverMatch({
      func: found.func,
      // Unnamed groups are ignored if there are named ones.
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
