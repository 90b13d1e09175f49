/** Collections for busy servers: a linked list, and a bounded cache of values by string. */

/** A node of a list. A node that is in no list is its own neighbour. */
export class ListNode {
  previous: ListNode = this
  next: ListNode = this

  /** Removes the node from its list. @returns false if it is in none */
  leave(): boolean {
    if (this.next === this) return false
    this.previous.next = this.next
    this.next.previous = this.previous
    // A removed node must not keep its former neighbours alive.
    this.previous = this
    this.next = this
    return true
  }
}

/**
 * A doubly linked list, for entries that are added and removed all the time.
 *
 * A Set or Map would keep garbage on a busy server: V8 creates a new table after every few hundred changes, and the old
 * table keeps its entries and a pointer to the new one. Once an old table is in the old generation, all later ones are
 * kept until the whole heap is collected.
 */
export class LinkedList<Member extends ListNode> implements Iterable<Member> {
  readonly #end = new ListNode()

  /** The oldest member. */
  get first(): Member | undefined {
    const { next } = this.#end
    return next === this.#end ? undefined : (next as Member)
  }

  /** Appends a member, or moves it to the end. */
  add(member: Member): void {
    member.leave()
    const { previous } = this.#end
    member.previous = previous
    member.next = this.#end
    previous.next = member
    this.#end.previous = member
  }

  /** During the iteration, only the current member may be removed. */
  *[Symbol.iterator](): Generator<Member> {
    for (let link = this.#end.next; link !== this.#end; ) {
      const { next } = link
      yield link as Member
      link = next
    }
  }
}

/** Entries of a generation. The two newest generations are kept, because dropping entries one by one costs more. */
const MOST = 500

/** Longest string that is cached, in characters. */
const LONGEST = 2000

/** A cache of values by string, bounded in number and in the length of the strings. */
export class BoundedCache<Value> {
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()

  get(text: string): Value | undefined {
    return text.length <= LONGEST ? (this.#young.get(text) ?? this.#old.get(text)) : undefined
  }

  add(text: string, value: Value): void {
    if (text.length > LONGEST) return
    if (this.#young.size >= MOST) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(text, value)
  }
}
