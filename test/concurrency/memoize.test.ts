/** A memoized function returns the same values as the function, and computes recent ones once. */
import { expect } from 'chai'
import { memoizeNumber, memoizeString } from '#core/concurrency'
import { fastPaths } from '#core/utils'
import { rememberNumbers, rememberStrings } from '../../core/concurrency/fast/memory.ts'
import { requireFastPaths } from '../services.ts'

describe('a memoized function', () => {
  it('is the function itself when fast paths are off', () => {
    const ofString = (text: string): number => text.length
    const ofNumber = (number: number): string => `${number}`
    expect(memoizeString(ofString) === ofString).to.equal(!fastPaths)
    expect(memoizeNumber(ofNumber) === ofNumber).to.equal(!fastPaths)
  })

  describe('with fast paths', () => {
    before(function () {
      requireFastPaths(this)
    })

    it('computes once for recent strings, and always for long ones', () => {
      const computed: string[] = []
      const length = rememberStrings((text) => computed.push(text) && text.length)
      const long = 'x'.repeat(2001)
      for (const text of ['', 'a', 'ab', 'a', '', long, long]) expect(length(text)).to.equal(text.length)
      expect(computed).to.deep.equal(['', 'a', 'ab', long, long])
    })

    it('computes once for the last few numbers', () => {
      const computed: number[] = []
      const text = rememberNumbers((number) => computed.push(number) && String(number))
      for (const number of [1, 2, 1, 2, Number.NaN, Number.NaN]) expect(text(number)).to.equal(String(number))
      expect(computed).to.deep.equal([1, 2, Number.NaN])
      for (let i = 0; i < 100; i++) expect(text(i)).to.equal(String(i))
    })

    it('does not remember an error', () => {
      let calls = 0
      const fail = rememberStrings((text): string => {
        calls++
        throw new Error(text)
      })
      for (let i = 1; i <= 3; i++) {
        expect(() => fail('a')).to.throw('a')
        expect(calls).to.equal(i)
      }
    })
  })
})
