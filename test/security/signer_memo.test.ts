/** The memo of a Signer depends on everything that the verification depends on. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, settings } from '#core/conf'
import {
  BadSignature,
  dumps,
  getCookieSigner,
  loads,
  SignatureExpired,
  Signer,
  type SignerOptions,
  TimestampSigner,
} from '#core/signing'
import { setClock } from '#core/utils'

const KEY = 'a key of this test'
const BASE: Required<SignerOptions> = { key: KEY, sep: ':', salt: 'salt', algorithm: 'sha256', fallbackKeys: [] }

/** A signed string that was verified twice, so that it is in the memo. */
function remembered(signer: Signer, value: string): string {
  const signed = signer.sign(value)
  expect(signer.unsign(signed)).to.equal(value)
  expect(signer.unsign(signed)).to.equal(value)
  return signed
}

describe('the memo of a Signer', () => {
  before(() => setup())
  afterEach(() => setClock())

  const SEPARATORS = [':', '|', '.', '::', ' ', '~', '!:', ':|', '€']

  for (const [name, Class] of [
    ['Signer', Signer],
    ['TimestampSigner', TimestampSigner],
  ] as const) {
    it(`is not used for a ${name} with another separator`, () => {
      for (const sep of SEPARATORS) {
        const others = SEPARATORS.filter((other) => other !== sep)
        const signed = remembered(new Class({ ...BASE, sep }), ['value', ...others].join(''))
        for (const other of others) {
          expect(() => new Class({ ...BASE, sep: other }).unsign(signed), `${sep} ${other}`).to.throw(BadSignature)
        }
        expect(new Class({ ...BASE, sep }).unsign(signed)).to.equal(['value', ...others].join(''))
      }
    })

    it(`is not used for a ${name} with another key, salt or algorithm`, () => {
      const signed = remembered(new Class(BASE), 'value')
      for (const other of [
        { key: 'another' },
        { key: Buffer.from('another') },
        { salt: 'another' },
        { salt: '' },
        { algorithm: 'sha1' },
        { algorithm: 'sha512' },
      ]) {
        expect(() => new Class({ ...BASE, ...other }).unsign(signed), JSON.stringify(other)).to.throw(BadSignature)
      }
      expect(new Class({ ...BASE, key: Buffer.from(KEY) }).unsign(signed)).to.equal('value')
    })
  }

  it('matches only the identical string', () => {
    const signed = remembered(new Signer(BASE), 'value')
    for (const other of [`${signed} `, ` ${signed}`, signed.slice(0, -1), signed.toUpperCase(), `x${signed}`, ':']) {
      expect(() => new Signer(BASE).unsign(other)).to.throw(BadSignature)
    }
  })

  it('separates a salt and a key from others with the same concatenation', () => {
    const signed = remembered(new Signer({ ...BASE, salt: 'xsigner\0ty', key: 'k' }), 'value')
    const other = new Signer({ ...BASE, salt: 'x', key: 'ysigner\0tk' })
    expect(() => other.unsign(signed)).to.throw(BadSignature)
    expect(other.sign('value')).to.not.equal(signed)
  })

  it('is not shared with a subclass that signs in another way', () => {
    class Stricter extends Signer {
      override signature(value: string, key?: string | Uint8Array): string {
        return `s${super.signature(`strict${value}`, key)}`
      }
    }
    const signed = remembered(new Signer(BASE), 'value')
    expect(() => new Stricter(BASE).unsign(signed)).to.throw(BadSignature)
    const strict = remembered(new Stricter(BASE), 'value')
    expect(() => new Signer(BASE).unsign(strict)).to.throw(BadSignature)
    expect(new Stricter(BASE).unsign(strict)).to.equal('value')
  })

  it('ends with the key that signed it', async () => {
    const signed = await overrideSettings({ SECRET_KEY: 'first key', SECRET_KEY_FALLBACKS: [] }, async () =>
      remembered(new Signer({ salt: 'rotated' }), 'value'),
    )
    const read = (keys: { SECRET_KEY: string; SECRET_KEY_FALLBACKS: string[] }): Promise<unknown> => {
      let result: unknown
      return overrideSettings(keys, async () => {
        try {
          result = new Signer({ salt: 'rotated' }).unsign(signed)
        } catch (error) {
          result = error
        }
      }).then(() => result)
    }
    const second = { SECRET_KEY: 'second key', SECRET_KEY_FALLBACKS: ['first key'] }
    expect(await read(second)).to.equal('value')
    expect(await read({ ...second, SECRET_KEY_FALLBACKS: [] })).to.be.instanceOf(BadSignature)
    expect(await read({ SECRET_KEY: 'first key', SECRET_KEY_FALLBACKS: [] })).to.equal('value')
  })

  it('ends with a fallback key that is removed', () => {
    const signed = remembered(new Signer(BASE), 'value')
    const withFallback = new Signer({ ...BASE, key: 'new', fallbackKeys: [KEY] })
    expect(withFallback.unsign(signed)).to.equal('value')
    expect(withFallback.unsign(signed)).to.equal('value')
    expect(() => new Signer({ ...BASE, key: 'new' }).unsign(signed)).to.throw(BadSignature)
  })

  it('does not extend the maximum age of a string', () => {
    const began = 1_700_000_000_000
    setClock({ now: () => began })
    const signer = new TimestampSigner(BASE)
    const signed = remembered(signer, 'value')
    setClock({ now: () => began + 10_000 })
    expect(signer.unsign(signed, { maxAge: 10 })).to.equal('value')
    setClock({ now: () => began + 11_000 })
    expect(() => signer.unsign(signed, { maxAge: 10 })).to.throw(SignatureExpired)
    expect(signer.unsign(signed, { maxAge: 11 })).to.equal('value')
    expect(signer.unsign(signed)).to.equal('value')
    const dumped = dumps({ a: 1 }, { key: KEY })
    expect(loads(dumped, { key: KEY, maxAge: 5 })).to.deep.equal({ a: 1 })
    setClock({ now: () => began + 20_000 })
    expect(() => loads(dumped, { key: KEY, maxAge: 5 })).to.throw(SignatureExpired)
  })

  it('deserializes a value with the serializer of each call', () => {
    class Reversed {
      dumps(value: unknown): Uint8Array {
        return new Uint8Array(Buffer.from(JSON.stringify(value))).toReversed()
      }

      loads(bytes: Uint8Array): unknown {
        return JSON.parse(Buffer.from(new Uint8Array(bytes).toReversed()).toString()) as unknown
      }
    }
    for (const compress of [false, true]) {
      const options = { key: KEY, compress }
      const value = { a: 'x'.repeat(100) }
      const [plain, reversed] = [dumps(value, options), dumps(value, { ...options, serializer: Reversed })]
      for (let i = 0; i < 2; i++) {
        expect(loads(plain, options)).to.deep.equal(value)
        expect(loads(reversed, { ...options, serializer: Reversed })).to.deep.equal(value)
      }
      expect(() => loads(reversed, options)).to.throw(SyntaxError)
      expect(() => loads(plain, { ...options, salt: 'another' })).to.throw(BadSignature)
    }
  })

  it('separates signed cookies with other names and salts', () => {
    const signed = remembered(getCookieSigner('one'), 'value')
    expect(() => getCookieSigner('two').unsign(signed)).to.throw(BadSignature)
    expect(() => new TimestampSigner({ salt: 'one', key: settings.SECRET_KEY }).unsign(signed)).to.throw(BadSignature)
  })

  it('does not contain refused strings', () => {
    const signer = new Signer(BASE)
    for (let i = 0; i < 3; i++) expect(() => signer.unsign('value:forged')).to.throw(BadSignature)
  })

  it('is not used with a separator that may occur in a value or a signature', () => {
    for (const sep of ['', 'a', 'A', '0', '-', '_', '=', 'abc', '\\', '^', '[', ']', '`', '-=_']) {
      expect(() => new Signer({ ...BASE, sep }), sep).to.throw(TypeError, 'Unsafe Signer separator')
    }
  })
})
