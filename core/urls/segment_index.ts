/** Finds the few entries that can match a path by its first segments, so that a thousand are not tried in turn. */

interface Node<T> {
  readonly below: Map<string, Node<T>>
  /** Entries whose literal segments end here, with their place in the list. */
  readonly own: Map<T, number>
  /** Own entries and those of all nodes above, in the order of the list. */
  candidates: readonly T[]
}

const newNode = <T>(): Node<T> => ({ below: new Map(), own: new Map(), candidates: [] })

export class SegmentIndex<T> {
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
