/** Scratch gives room for the bytes of a moment, of any length that fits. */
import { expect } from 'chai'
import { ReusableBuffer } from '../../core/signing/fast/hmac.ts'

describe('scratch', () => {
  it('gives the bytes that were written, from none to all', () => {
    const scratch = new ReusableBuffer(5)
    for (const text of ['', 'a', 'abc', 'ab', 'abcde']) {
      const written = scratch.bytes.write(text, 'latin1')
      expect(scratch.beginning(written).toString('latin1')).to.equal(text)
    }
  })

  it('gives the same view of the same length', () => {
    const scratch = new ReusableBuffer(5)
    expect(scratch.beginning(3)).to.equal(scratch.beginning(3))
  })
})
