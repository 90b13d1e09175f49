/** A linked list keeps insertion order and holds no reference to a removed node. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { LinkedList, ListNode } from '#core/concurrency'

class Named extends ListNode {
  readonly name: string

  constructor(name: string) {
    super()
    this.name = name
  }
}

const names = (list: LinkedList<Named>): string[] => [...list].map(({ name }) => name)

describe('LinkedList', () => {
  function filled(): { list: LinkedList<Named>; members: [Named, Named, Named] } {
    const list = new LinkedList<Named>()
    const members: [Named, Named, Named] = [new Named('a'), new Named('b'), new Named('c')]
    for (const member of members) list.add(member)
    return { list, members }
  }

  it('iterates in insertion order', () => {
    const { list, members } = filled()
    expect(names(list)).to.deep.equal(['a', 'b', 'c'])
    expect(list.first).to.equal(members[0])
    expect(new LinkedList().first).to.equal(undefined)
  })

  it('removes a node at any position, once', () => {
    const { list, members } = filled()
    expect([members[1].leave(), members[1].leave()]).to.deep.equal([true, false])
    expect(names(list)).to.deep.equal(['a', 'c'])
    for (const member of members) member.leave()
    expect(list.first).to.equal(undefined)
  })

  it('moves a node to the end when it is added again', () => {
    const { list, members } = filled()
    list.add(members[0])
    expect(names(list)).to.deep.equal(['b', 'c', 'a'])
    list.add(members[0])
    expect(names(list)).to.deep.equal(['b', 'c', 'a'])
  })

  it('continues when a node is removed during the iteration', () => {
    const { list } = filled()
    const met: string[] = []
    for (const member of list) {
      met.push(member.name)
      member.leave()
    }
    expect(met).to.deep.equal(['a', 'b', 'c'])
    expect(names(list)).to.deep.equal([])
  })

  describe('continues while nodes are added and removed', () => {
    const MANY = 20_000
    const LENGTH = 64
    const BYTES = 2000

    /** A string with its own memory. */
    const longName = (number: number): string => Buffer.alloc(BYTES, `${number} `).toString('latin1')

    function comeAndGo(list: LinkedList<Named>): void {
      for (let number = 0; number < MANY; number++) {
        list.add(new Named(longName(number)))
        list.first?.leave()
      }
    }

    it('keeps no removed node in memory until a full garbage collection', () => {
      setFlagsFromString('--expose-gc')
      const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void
      const list = new LinkedList<Named>()
      for (let number = 0; number < LENGTH; number++) list.add(new Named(longName(number)))
      comeAndGo(list)
      // Moves all live objects to the old generation.
      collect()
      const before = process.memoryUsage().heapUsed
      comeAndGo(list)
      collect({ type: 'minor' })
      const kept = process.memoryUsage().heapUsed - before
      expect(kept).to.be.below((MANY * BYTES) / 10)
      expect([...list]).to.have.length(LENGTH)
    })
  })
})
