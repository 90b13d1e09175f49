/** Fast paths of URLs: an index of patterns by their first segments, and caches for paths and names. */
import type { ResolverMatch, UrlEntry, UrlPatterns } from '../patterns/pattern.ts'

type Find = (path: string) => ResolverMatch | undefined

/** Caches matches that contain no part of the path. The number of such routes bounds the cache. */
export function rememberExactPaths(find: Find): Find {
  const found = new Map<string, ResolverMatch>()
  return (path) => {
    const known = found.get(path)
    if (known !== undefined) return known
    const match = find(path)
    if (match?.isFixed === true) found.set(path, match)
    return match
  }
}

interface Node {
  readonly below: Map<string, Node>
  /** Entries whose literal segments end here, with their position in the list. */
  readonly own: Map<UrlEntry, number>
  /** The entries of this node and its ancestors, in the order of the list. */
  candidates: readonly UrlEntry[]
}

const newNode = (): Node => ({ below: new Map(), own: new Map(), candidates: [] })

function sortCandidates(node: Node, above: readonly [UrlEntry, number][]): void {
  const all = [...above, ...node.own].toSorted(([, a], [, b]) => a - b)
  node.candidates = all.map(([entry]) => entry)
  for (const next of node.below.values()) sortCandidates(next, all)
}

/** Returns a function from a path to the entries that can match it, in the order of the list. */
export function indexBySegments(entries: UrlPatterns): (path: string) => readonly UrlEntry[] {
  const root = newNode()
  for (const [position, entry] of entries.entries()) {
    let node = root
    for (const segment of entry.pattern.literalSegments) {
      const next = node.below.get(segment) ?? newNode()
      node.below.set(segment, next)
      node = next
    }
    node.own.set(entry, position)
  }
  sortCandidates(root, [])
  return (path) => {
    let node = root
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

type LookUp<Found> = (name: string, currentApp: string | undefined) => Found

/** Caches lookups by name. Unknown names are not cached, because they may be arbitrary and would fill the memory. */
export function rememberNames<Found extends { readonly candidates: readonly unknown[] }>(
  lookUp: LookUp<Found>,
): LookUp<Found> {
  const known = new Map<string, Found>()
  return (name, currentApp) => {
    // Without a namespace, the current application has no effect.
    const key = name.includes(':') ? `${currentApp ?? ''}\0${name}` : name
    let found = known.get(key)
    if (found === undefined) {
      found = lookUp(name, currentApp)
      if (found.candidates.length > 0) known.set(key, found)
    }
    return found
  }
}
