/** One entry of `urlpatterns` that leads to further patterns: an include, and the root of them all. */
import {
  type MatchedStart,
  type PathPattern,
  ResolverMatch,
  type Tried,
  type UrlEntry,
  type UrlPatterns,
} from '../patterns/pattern.ts'
import type { Included } from '../patterns/include.ts'

// Finds the few entries that can match a path by its first segments, so that a thousand are not tried in turn.

interface Node<T> {
  readonly below: Map<string, Node<T>>
  /** Entries whose literal segments end here, with their place in the list. */
  readonly own: Map<T, number>
  /** Own entries and those of all nodes above, in the order of the list. */
  candidates: readonly T[]
}

const newNode = <T>(): Node<T> => ({ below: new Map(), own: new Map(), candidates: [] })

class SegmentIndex<T> {
  readonly #root = newNode<T>()

  /** @param segmentsOf the segments, without slashes, that every path begins with which the entry can match */
  constructor(entries: readonly T[], segmentsOf: (entry: T) => readonly string[]) {
    for (const [place, entry] of entries.entries()) {
      let node = this.#root
      for (const segment of segmentsOf(entry)) {
        const next = node.below.get(segment) ?? newNode<T>()
        node.below.set(segment, next)
        node = next
      }
      node.own.set(entry, place)
    }
    this.#order(this.#root, [])
  }

  #order(node: Node<T>, above: readonly [T, number][]): void {
    const all = [...above, ...node.own].toSorted(([, a], [, b]) => a - b)
    node.candidates = all.map(([entry]) => entry)
    for (const next of node.below.values()) this.#order(next, all)
  }

  /** The entries that a path can match, in the order of the list. */
  candidates(path: string): readonly T[] {
    let node = this.#root
    for (let start = 0; start <= path.length; ) {
      const slash = path.indexOf('/', start)
      const end = slash === -1 ? path.length : slash
      const next = node.below.get(path.slice(start, end))
      if (next === undefined) break
      node = next
      start = end + 1
    }
    return node.candidates
  }
}

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
