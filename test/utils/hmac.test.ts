/** Our HMAC is Node's, whatever the algorithm, the key and the text. */
import { createHash, createHmac, getHashes, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { Hmac } from '../../core/signing/fast/hmac.ts'

const TEXTS = [
  '',
  'a',
  'eyJjb3VudCI6NX0:1vMDl7',
  'é€😀'.repeat(10),
  'lone \ud800 surrogate',
  '\0',
  ...[55, 56, 63, 64, 65, 119, 120, 128, 999, 1000, 1001, 5000].map((length) => 'x'.repeat(length)),
  ...[999, 1000, 1001].map((length) => '€'.repeat(length)),
]

describe('an HMAC', () => {
  for (const algorithm of ['sha256', 'sha1', 'sha224', 'sha384', 'sha512', 'sha3-256', 'md5']) {
    it(`with ${algorithm} is that of Node`, () => {
      expect(getHashes()).to.include(algorithm)
      for (let round = 0; round < 20; round++) {
        const key = createHash(algorithm).update(randomBytes(8)).digest()
        const hmac = new Hmac(algorithm, key)
        for (const text of TEXTS) {
          const expected = createHmac(algorithm, key).update(text).digest()
          expect(hmac.base64url(text)).to.equal(expected.toString('base64url'))
          expect(hmac.digest(text).equals(expected)).to.equal(true)
        }
      }
    })
  }

  it('takes a key that is shorter than a hash', () => {
    const key = Buffer.from('key')
    expect(new Hmac('sha256', key).base64url('text')).to.equal(
      createHmac('sha256', key).update('text').digest('base64url'),
    )
  })
})
