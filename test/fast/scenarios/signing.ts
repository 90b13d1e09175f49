/** Signing: sequences of sign, unsign, dumps and loads, whose memory must not change what is accepted. */
import * as fc from 'fast-check'
import { encodeSession } from '#core/contrib/sessions'
import { dumps, loads, saltedHmac, Signer, TimestampSigner } from '#core/signing'
import { setClock } from '#core/utils'
import { readSession, sessionSignedAt } from '../../../core/contrib/sessions/codec.ts'
import { ALWAYS, outcome, type Scenario, START } from '../scenario.ts'

// The last two are different, but not as strings.
const KEYS = ['first key', 'second key', Buffer.from('first key'), Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])]
const CLASSES = { Signer, TimestampSigner }

/** Keys are named by their index, because a Buffer does not survive the way to another process. */
interface SignerSpec {
  readonly type: keyof typeof CLASSES
  readonly key: number
  readonly fallbacks: readonly number[]
  readonly sep: string
  readonly salt: string
  readonly algorithm: string
}

const USUAL: SignerSpec = { type: 'TimestampSigner', key: 0, fallbacks: [], sep: ':', salt: '', algorithm: 'sha256' }

class Reversed {
  dumps(value: unknown): Uint8Array {
    return new Uint8Array(Buffer.from(JSON.stringify(value))).toReversed()
  }

  loads(bytes: Uint8Array): unknown {
    return JSON.parse(Buffer.from(new Uint8Array(bytes).toReversed()).toString()) as unknown
  }
}

/** What is done to a signed string before it is read. */
const TAMPERED: Readonly<Record<string, (signed: string) => string>> = {
  no: (signed) => signed,
  appended: (signed) => `${signed}x`,
  cut: (signed) => signed.slice(0, -1),
  'other separator': (signed) => signed.replaceAll(':', '|'),
  'other value': (signed) => `y${signed.slice(1)}`,
}

type Step =
  | { readonly do: 'sign'; readonly signer: SignerSpec; readonly value: string }
  | {
      readonly do: 'unsign'
      /** One after the other, each by what it differs in from the signer of the string. */
      readonly readers: readonly Partial<SignerSpec>[]
      readonly of: number
      readonly tampered: string
      readonly maxAge: number | null
    }
  | { readonly do: 'dumps'; readonly salt: string; readonly value: unknown; readonly options: Options }
  | {
      readonly do: 'loads'
      readonly salt: string
      readonly of: number
      readonly options: Options
      readonly maxAge: number | null
    }
  | {
      readonly do: 'session'
      readonly data: Readonly<Record<string, unknown>>
      /** Between writing and reading. */
      readonly seconds: number
    }
  | { readonly do: 'hmac'; readonly salt: string; readonly value: string; readonly key: number }
  | { readonly do: 'wait'; readonly seconds: number }

interface Options {
  readonly compress: boolean
  readonly reversed: boolean
}

const key = fc.nat(KEYS.length - 1)
const salt = fc.constantFrom('', 'a', 'b', 'a:b')
const maxAge = fc.constantFrom(null, 0, 5, 1000)
const seconds = fc.constantFrom(0, 1, 5, 6, 2000)
const sep = fc.constantFrom(':', ':', ':', '|', '::')
const signer: fc.Arbitrary<SignerSpec> = fc.record({
  type: fc.constantFrom('Signer' as const, 'TimestampSigner' as const),
  key,
  fallbacks: fc.array(key, { maxLength: 2 }),
  sep,
  salt,
  algorithm: fc.constantFrom('sha256', 'sha256', 'sha1'),
})
const reader: fc.Arbitrary<Partial<SignerSpec>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.record({ sep: fc.constantFrom(':', '|') }) },
  fc.record({ salt }),
  fc.record({ key }),
  signer,
)
const options: fc.Arbitrary<Options> = fc.record({ compress: fc.boolean(), reversed: fc.boolean() })

/** Strings around the length from which compression is always tried, with and without repetitions. */
const text = fc.oneof(
  fc.string({ maxLength: 120 }),
  fc.string({ unit: fc.constantFrom('a', 'b', ':', '|'), maxLength: 200 }),
  fc.stringMatching(/^[\w-]{60,100}$/),
)
/** Few different characters shrink although nothing repeats. */
const digits = fc.stringMatching(/^[0-9]{35,60}$/)
const json = fc.oneof(text, digits, fc.jsonValue({ maxDepth: 2 }), fc.array(fc.integer(), { maxLength: 30 }))
const dict = fc.dictionary(fc.string({ maxLength: 8 }), json, { maxKeys: 4, noNullPrototype: true })

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ do: fc.constant('sign'), signer, value: text }),
  fc.record({
    do: fc.constant('unsign'),
    readers: fc.array(reader, { minLength: 1, maxLength: 4 }),
    of: fc.nat(),
    tampered: fc.constantFrom('no', 'no', 'no', ...Object.keys(TAMPERED)),
    maxAge,
  }),
  fc.record({ do: fc.constant('dumps'), salt, value: json, options }),
  fc.record({ do: fc.constant('loads'), salt, of: fc.nat(), options, maxAge }),
  fc.record({ do: fc.constant('session'), data: dict, seconds }),
  fc.record({ do: fc.constant('hmac'), salt, value: text, key }),
  fc.record({ do: fc.constant('wait'), seconds }),
)

const signerOf = ({ type, fallbacks, key: index, ...rest }: SignerSpec): Signer =>
  new CLASSES[type]({
    ...rest,
    key: KEYS[index] as string,
    fallbackKeys: fallbacks.map((each) => KEYS[each] as string),
  })

/** Runs the steps of one input, on the strings that they have signed so far. */
class Run {
  readonly #signed: string[] = []
  /** Of each signed string; the usual one for those of dumps(). */
  readonly #signers: SignerSpec[] = []
  #seconds = 0

  // oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive
  async take(each: Step): Promise<unknown> {
    switch (each.do) {
      case 'sign':
        return this.#keep(signerOf(each.signer).sign(each.value), each.signer)
      case 'dumps': {
        const { compress, reversed } = each.options
        return this.#keep(dumps(each.value, { salt: each.salt, compress, ...(reversed && { serializer: Reversed }) }))
      }
      case 'unsign': {
        const found = this.#at(each.of)
        const string = TAMPERED[each.tampered]?.(found) ?? found
        const signed = this.#signerAt(each.of)
        const readings = each.readers.map((difference) => {
          const signer = signerOf({ ...signed, ...difference })
          return outcome(() =>
            signer instanceof TimestampSigner ? signer.unsign(string, { maxAge: each.maxAge }) : signer.unsign(string),
          )
        })
        return Promise.all(readings)
      }
      case 'loads': {
        const { reversed } = each.options
        const limits = { salt: each.salt, maxAge: each.maxAge, ...(reversed && { serializer: Reversed }) }
        return loads(this.#at(each.of), limits)
      }
      case 'session': {
        const string = this.#keep(encodeSession(each.data, 'salt'))
        this.#wait(each.seconds)
        return [string, await outcome(() => [readSession(string, 'salt'), sessionSignedAt(string, 'salt')])]
      }
      case 'hmac':
        return saltedHmac(each.salt, each.value, { secret: KEYS[each.key] as string }).toString('hex')
      case 'wait':
        this.#wait(each.seconds)
        return undefined
    }
  }

  #wait(seconds: number): void {
    this.#seconds += seconds
    setClock({ now: () => START + this.#seconds * 1000 })
  }

  #keep(string: string, by: SignerSpec = USUAL): string {
    this.#signed.push(string)
    this.#signers.push(by)
    return string
  }

  #signerAt(index: number): SignerSpec {
    return this.#signers[index % Math.max(1, this.#signers.length)] ?? USUAL
  }

  #at(index: number): string {
    return this.#signed[index % Math.max(1, this.#signed.length)] ?? 'nothing:signed'
  }
}

export const signingScenario: Scenario<readonly Step[]> = {
  name: 'signing',
  arbitrary: fc.array(step, { minLength: 1, maxLength: 40 }),
  runs: 150,
  targets: async () => ALWAYS,
  open: async () => ({
    async run(steps) {
      const run = new Run()
      const results: unknown[] = []
      for (const each of steps) results.push(await outcome(() => run.take(each)))
      return results
    },
    close: async () => {},
  }),
}
