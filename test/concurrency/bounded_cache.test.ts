/** A cache of values for strings stays within its bounds and keeps the newest entry. */
import { expect } from 'chai'
import { BoundedCache } from '#core/concurrency'

describe('BoundedCache', () => {
  it('keeps the last five hundred entries, and has dropped them after a thousand', () => {
    const recent = new BoundedCache<number>()
    for (let i = 0; i < 10_000; i++) recent.add(`text ${i}`, i)
    const known = Array.from({ length: 10_000 }, (_, i) => recent.get(`text ${i}`)).filter(
      (value) => value !== undefined,
    )
    expect(known).to.include(9_500)
    expect(known.length).to.be.within(500, 1000)
    expect(known.at(-1)).to.equal(9_999)
  })

  it('returns the newest value', () => {
    const recent = new BoundedCache<number>()
    for (let i = 0; i < 700; i++) recent.add(`text ${i}`, i)
    recent.add('text 1', -1)
    expect(recent.get('text 1')).to.equal(-1)
  })

  it('does not keep long strings', () => {
    const recent = new BoundedCache<number>()
    recent.add('x'.repeat(2001), 1)
    expect(recent.get('x'.repeat(2001))).to.equal(undefined)
  })
})
