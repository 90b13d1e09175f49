/** Figures of several rounds become one, and rows become columns. */
import { expect } from 'chai'
import { median, relativeRise, spread } from '../../bench/statistics.ts'
import { alignedTable } from '../../bench/table.ts'

describe('the figures of several rounds', () => {
  it('are told by the one in the middle, or between the two in the middle', () => {
    expect(median([9, 1, 4])).to.equal(4)
    expect(median([4, 1, 9, 6])).to.equal(5)
    expect(median([7])).to.equal(7)
    expect(() => median([])).to.throw(RangeError)
  })

  it('spread as far as the farthest is from the middle', () => {
    expect(spread([90, 100, 120])).to.equal(0.2)
    expect(spread([100])).to.equal(undefined)
  })
})

describe('the rise of a line through points', () => {
  it('is a share of where the line begins', () => {
    expect(
      relativeRise([
        [0, 10],
        [1, 11],
        [2, 12],
      ]),
    ).to.be.closeTo(0.2, 1e-9)
    expect(
      relativeRise([
        [0, 10],
        [5, 10],
      ]),
    ).to.equal(0)
  })

  it('is not that of one point out of the row', () => {
    const points = Array.from({ length: 10 }, (_, x) => [x, x === 9 ? 110 : 100] as const)
    expect(relativeRise(points)).to.be.within(0, 0.06)
  })
})

describe('the table', () => {
  it('has words on the left, figures on the right, and empty lines where there is nothing', () => {
    const table = alignedTable([['who', 'speed'], [], ['a', '1,000'], ['somebody', '7']], 1)
    expect(table).to.equal('who       speed\n\na         1,000\nsomebody      7')
  })
})
