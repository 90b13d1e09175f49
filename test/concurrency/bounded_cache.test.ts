/** What is remembered of texts stays within bounds, and the newest is there. */
import { expect } from 'chai'
import { BoundedCache } from '#core/concurrency'

describe('what is remembered of texts', () => {
  it('is there for the last five hundred, and gone after a thousand', () => {
    const recent = new BoundedCache<number>()
    for (let i = 0; i < 10_000; i++) recent.add(`text ${i}`, i)
    const known = Array.from({ length: 10_000 }, (_, i) => recent.get(`text ${i}`)).filter(
      (value) => value !== undefined,
    )
    expect(known).to.include(9_500)
    expect(known.length).to.be.within(500, 1000)
    expect(known.at(-1)).to.equal(9_999)
  })

  it('is the newest', () => {
    const recent = new BoundedCache<number>()
    for (let i = 0; i < 700; i++) recent.add(`text ${i}`, i)
    recent.add('text 1', -1)
    expect(recent.get('text 1')).to.equal(-1)
  })

  it('is nothing where a text is long', () => {
    const recent = new BoundedCache<number>()
    recent.add('x'.repeat(2001), 1)
    expect(recent.get('x'.repeat(2001))).to.equal(undefined)
  })
})
