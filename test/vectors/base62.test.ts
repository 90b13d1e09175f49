/** Whole numbers as base62 strings, as Django writes them. */
import { expect } from 'chai'
import { base62Decode, base62Encode } from '../../core/serialization/numbers.ts'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: 'encode' | 'decode'
  readonly number: string
  readonly text: string
}

describe('vectors: base62', () => {
  for (const { name, input, expected } of loadVectors<Input, { text: string; number: string }>('base62')) {
    it(name, () => {
      if (input.op === 'encode') expect(base62Encode(BigInt(input.number))).to.equal(expected.text)
      else expect(String(base62Decode(input.text))).to.equal(expected.number)
    })
  }
})
