/**
 * What comes and goes all the time, in the order of its coming.
 *
 * A Set or Map would hold a busy server's garbage: V8 makes a new table after each few hundred changes and leaves the
 * old one with what was in it and a pointer to the new one. Once one of them is old, all that follow are kept, until the
 * whole heap is collected.
 */

/** A place in a ring; alone, it is its own neighbour. */
export class ListNode {
  previous: ListNode = this
  next: ListNode = this

  /** False when it is in no ring. */
  leave(): boolean {
    if (this.next === this) return false
    this.previous.next = this.next
    this.next.previous = this.previous
    // What has left must not keep what came after it.
    this.previous = this
    this.next = this
    return true
  }
}

export class LinkedList<Member extends ListNode> implements Iterable<Member> {
  readonly #end = new ListNode()

  /** The one that came before all others. */
  get first(): Member | undefined {
    const { next } = this.#end
    return next === this.#end ? undefined : (next as Member)
  }

  /** Makes it the last, wherever it was before. */
  add(member: Member): void {
    member.leave()
    const { previous } = this.#end
    member.previous = previous
    member.next = this.#end
    previous.next = member
    this.#end.previous = member
  }

  /** A member may leave while it is its turn, and no other. */
  *[Symbol.iterator](): Generator<Member> {
    for (let link = this.#end.next; link !== this.#end; ) {
      const { next } = link
      yield link as Member
      link = next
    }
  }
}
