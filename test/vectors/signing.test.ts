/** Signers, dumps and loads compared with strings that Django signed. */
import { expect } from 'chai'
import { BadSignature, dumps, loads, Signer, TimestampSigner } from '#core/signing'
import { setClock } from '#core/utils'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: 'sign' | 'unsign' | 'construct' | 'timestamp_sign' | 'timestamp_unsign' | 'dumps' | 'loads'
  readonly key: string
  readonly fallback_keys?: string[]
  readonly salt?: string
  readonly sep?: string
  readonly algorithm?: string
  readonly value: string
  readonly signed: string
  readonly obj: unknown
  readonly compress?: boolean
  readonly now?: number
  readonly max_age?: number | null
}

interface Expected {
  readonly ok?: boolean
  readonly error: string
  readonly message: string | null
  readonly signed: string
  readonly value: string
  readonly obj: unknown
  /** A whole number that a double cannot hold, as a string. */
  readonly big?: string
  readonly exact?: boolean
}

/** Django's ValueError is a TypeError here. */
const ERROR_NAMES: Record<string, string> = { ValueError: 'TypeError' }

function run(input: Input): unknown {
  const options = {
    key: input.key,
    fallbackKeys: input.fallback_keys ?? [],
    ...(input.salt !== undefined && { salt: input.salt }),
    ...(input.sep !== undefined && { sep: input.sep }),
    ...(input.algorithm !== undefined && { algorithm: input.algorithm }),
  }
  const maxAge = input.max_age ?? null
  const operations: Record<Input['op'], () => unknown> = {
    construct: () => new Signer(options),
    sign: () => new Signer(options).sign(input.value),
    unsign: () => new Signer(options).unsign(input.signed),
    timestamp_sign: () => new TimestampSigner(options).sign(input.value),
    timestamp_unsign: () => new TimestampSigner(options).unsign(input.signed, { maxAge }),
    dumps: () => dumps(input.obj, { ...options, compress: input.compress ?? false }),
    loads: () => loads(input.signed, { ...options, maxAge }),
  }
  return operations[input.op]()
}

describe('vectors: signing', () => {
  afterEach(() => setClock())

  for (const { name, input, expected } of loadVectors<Input, Expected>('signing')) {
    it(name, () => {
      const { now } = input
      if (now !== undefined) setClock({ now: () => now * 1000 })
      if (expected.ok === false) {
        const thrown = expect(() => run(input)).to.throw()
        if (expected.error === 'any') thrown.not.instanceOf(BadSignature)
        else thrown.with.property('name', ERROR_NAMES[expected.error] ?? expected.error)
        if (expected.message) expect(() => run(input)).to.throw(expected.message)
        return
      }
      const result = run(input)
      if (input.op === 'unsign' || input.op === 'timestamp_unsign') expect(result).to.equal(expected.value)
      else if (expected.big !== undefined) expect(result).to.deep.equal({ big: BigInt(expected.big) })
      else if (input.op === 'loads') expect(result).to.deep.equal(expected.obj)
      else if (input.op === 'dumps' && expected.exact === false) {
        // Compressed bytes depend on the version of zlib: both strings must be read as the same value.
        const options = { key: input.key, ...(input.salt !== undefined && { salt: input.salt }) }
        expect(loads(result as string, options)).to.deep.equal(input.obj)
        expect(loads(expected.signed, options)).to.deep.equal(input.obj)
      } else expect(result).to.equal(expected.signed)
    })
  }
})
