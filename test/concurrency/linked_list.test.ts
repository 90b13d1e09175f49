/** A ring: members in the order of their coming, who leave without a trace. */
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

const names = (ring: LinkedList<Named>): string[] => [...ring].map(({ name }) => name)

describe('a ring', () => {
  function filled(): { ring: LinkedList<Named>; members: [Named, Named, Named] } {
    const ring = new LinkedList<Named>()
    const members: [Named, Named, Named] = [new Named('a'), new Named('b'), new Named('c')]
    for (const member of members) ring.add(member)
    return { ring, members }
  }

  it('has its members in the order of their coming', () => {
    const { ring, members } = filled()
    expect(names(ring)).to.deep.equal(['a', 'b', 'c'])
    expect(ring.first).to.equal(members[0])
    expect(new LinkedList().first).to.equal(undefined)
  })

  it('lets one leave from anywhere, once', () => {
    const { ring, members } = filled()
    expect([members[1].leave(), members[1].leave()]).to.deep.equal([true, false])
    expect(names(ring)).to.deep.equal(['a', 'c'])
    for (const member of members) member.leave()
    expect(ring.first).to.equal(undefined)
  })

  it('makes one the last that is added again', () => {
    const { ring, members } = filled()
    ring.add(members[0])
    expect(names(ring)).to.deep.equal(['b', 'c', 'a'])
    ring.add(members[0])
    expect(names(ring)).to.deep.equal(['b', 'c', 'a'])
  })

  it('goes on where a member leaves in its turn', () => {
    const { ring } = filled()
    const met: string[] = []
    for (const member of ring) {
      met.push(member.name)
      member.leave()
    }
    expect(met).to.deep.equal(['a', 'b', 'c'])
    expect(names(ring)).to.deep.equal([])
  })

  describe('in which ever new members come and go', () => {
    const MANY = 20_000
    const AT_ONCE = 64
    const BYTES = 2000

    /** A name of its own memory. */
    const longName = (number: number): string => Buffer.alloc(BYTES, `${number} `).toString('latin1')

    function comeAndGo(ring: LinkedList<Named>): void {
      for (let number = 0; number < MANY; number++) {
        ring.add(new Named(longName(number)))
        ring.first?.leave()
      }
    }

    it('keeps none of those that have left, without a collection of the whole heap', () => {
      setFlagsFromString('--expose-gc')
      const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void
      const ring = new LinkedList<Named>()
      for (let number = 0; number < AT_ONCE; number++) ring.add(new Named(longName(number)))
      comeAndGo(ring)
      // What is here now is old from here on.
      collect()
      const before = process.memoryUsage().heapUsed
      comeAndGo(ring)
      collect({ type: 'minor' })
      const kept = process.memoryUsage().heapUsed - before
      expect(kept).to.be.below((MANY * BYTES) / 10)
      expect([...ring]).to.have.length(AT_ONCE)
    })
  })
})
