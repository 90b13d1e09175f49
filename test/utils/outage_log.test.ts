/** An outage is reported once when it begins and once when it is over, whatever the order in which operations end. */
import { expect } from 'chai'
import { OutageLog } from '#core/utils'

describe('the log of an outage', () => {
  let lines: string[]
  let outage: OutageLog<'read' | 'write'>

  beforeEach(() => {
    lines = []
    outage = new OutageLog({ began: (message) => lines.push(message), ended: () => lines.push('over') })
  })

  /** An operation that begins now and succeeds when the returned function is called. */
  const begun = (kind: 'read' | 'write'): (() => void) => {
    const { failures } = outage
    return () => outage.succeeded(kind, failures)
  }

  it('has one line for the first of many failures, and one for the first success after them', () => {
    for (let i = 0; i < 5; i++) outage.failed('read', `down ${i}`)
    for (let i = 0; i < 5; i++) begun('read')()
    expect(lines).to.deep.equal(['down 0', 'over'])
  })

  it('is not over when reads succeed and writes fail', () => {
    for (let i = 0; i < 5; i++) {
      begun('read')()
      outage.failed('write', 'read-only')
    }
    expect(lines).to.deep.equal(['read-only'])
    begun('write')()
    expect(lines).to.deep.equal(['read-only', 'over'])
  })

  it('is not over when operations succeed that began before the last failure', () => {
    const earlier = [begun('read'), begun('read')]
    outage.failed('read', 'down')
    earlier[0]?.()
    outage.failed('read', 'down')
    earlier[1]?.()
    expect(lines).to.deep.equal(['down'])
  })

  it('is one outage when successes and failures alternate', () => {
    for (let i = 0; i < 50; i++) {
      outage.failed('write', 'down')
      begun('write')()
    }
    expect(lines).to.deep.equal(['down', 'over'])
  })

  it('is reported again when it comes back and lasts', () => {
    const now = performance.now.bind(performance)
    let time = now()
    performance.now = () => time
    try {
      outage.failed('write', 'down')
      begun('write')()
      time += 1000
      outage.failed('write', 'again')
      time += 4000
      outage.failed('write', 'still')
      expect(lines).to.deep.equal(['down', 'over'])
      time += 1500
      outage.failed('write', 'still down')
      begun('write')()
      expect(lines).to.deep.equal(['down', 'over', 'still down', 'over'])
      time += 61_000
      outage.failed('write', 'another')
      expect(lines.at(-1)).to.equal('another')
    } finally {
      performance.now = now
    }
  })
})
