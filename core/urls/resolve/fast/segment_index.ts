/** Finds the few entries that can match a path by its first segments, so that a thousand are not tried in turn. */
import type { UrlEntry, UrlPatterns } from '../../patterns/pattern.ts'

interface Node {
  readonly below: Map<string, Node>
  /** Entries whose literal segments end here, with their position in the list. */
  readonly own: Map<UrlEntry, number>
  /** Own entries and those of all nodes above, in the order of the list. */
  candidates: readonly UrlEntry[]
}

const newNode = (): Node => ({ below: new Map(), own: new Map(), candidates: [] })

function sortCandidates(node: Node, above: readonly [UrlEntry, number][]): void {
  const all = [...above, ...node.own].toSorted(([, a], [, b]) => a - b)
  node.candidates = all.map(([entry]) => entry)
  for (const next of node.below.values()) sortCandidates(next, all)
}

/** The entries of a list that a path can match, in the order of the list. */
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
