/** Figures of several rounds are combined, and rows are aligned in columns. */
import { expect } from 'chai'
import { median, relativeRise, spread } from '../../bench/statistics.ts'
import { alignedTable } from '../../bench/table.ts'

describe('the figures of several rounds', () => {
  it('are represented by the median', () => {
    expect(median([9, 1, 4])).to.equal(4)
    expect(median([4, 1, 9, 6])).to.equal(5)
    expect(median([7])).to.equal(7)
    expect(() => median([])).to.throw(RangeError)
  })

  it('spread as far as the farthest is from the median', () => {
    expect(spread([90, 100, 120])).to.equal(0.2)
    expect(spread([100])).to.equal(undefined)
  })
})

describe('the slope of a line through points', () => {
  it('is relative to the start of the line', () => {
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

  it('is not affected by one outlier', () => {
    const points = Array.from({ length: 10 }, (_, x) => [x, x === 9 ? 110 : 100] as const)
    expect(relativeRise(points)).to.be.within(0, 0.06)
  })
})

describe('the table', () => {
  it('aligns words left, figures right, and has empty lines for empty rows', () => {
    const table = alignedTable([['who', 'speed'], [], ['a', '1,000'], ['somebody', '7']], 1)
    expect(table).to.equal('who       speed\n\na         1,000\nsomebody      7')
  })
})
