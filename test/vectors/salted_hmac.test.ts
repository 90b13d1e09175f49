/** HMACs under keys derived from salt and secret, as Django computes them. */
import { expect } from 'chai'
import { saltedHmac } from '#core/signing'
import { loadVectors } from './load.ts'

interface Input {
  readonly salt: string
  readonly value: string
  readonly secret: string
  readonly algorithm: string
}

interface Expected {
  readonly ok?: false
  readonly error: string
  readonly message: string
  readonly hex: string
  readonly base64url: string
}

describe('vectors: salted_hmac', () => {
  for (const { name, input, expected } of loadVectors<Input, Expected>('salted_hmac')) {
    it(name, () => {
      const compute = (): Buffer => saltedHmac(input.salt, input.value, input)
      if (expected.ok === false) {
        expect(compute).to.throw(expected.message).with.property('name', expected.error)
        return
      }
      expect(compute().toString('hex')).to.equal(expected.hex)
      expect(compute().toString('base64url')).to.equal(expected.base64url)
    })
  }
})
