/** Signing: sequences of sign, unsign, dumps and loads, whose memory must not change what is accepted. */
import * as fc from 'fast-check'
import { encodeSession } from '#core/contrib/sessions'
import { dumps, loads, saltedHmac, Signer, TimestampSigner } from '#core/signing'
import { setClock } from '#core/utils'
import { readSession } from '../../../core/contrib/sessions/codec.ts'
import { ALWAYS, outcome, type Scenario, START } from '../scenario.ts'

const KEYS = ['first key', 'second key', Buffer.from('first key'), Buffer.from([0xff, 0xfe])] as const
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
      readonly signer: SignerSpec
      readonly of: number
      readonly tampered: string
      readonly times: number
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
  | { readonly do: 'session'; readonly data: Readonly<Record<string, unknown>>; readonly maxAge: number | null }
  | { readonly do: 'hmac'; readonly salt: string; readonly value: string; readonly key: number }
  | { readonly do: 'wait'; readonly seconds: number }

interface Options {
  readonly compress: boolean
  readonly reversed: boolean
}

const key = fc.nat(KEYS.length - 1)
const salt = fc.constantFrom('', 'a', 'b', 'a:b')
const maxAge = fc.constantFrom(null, 0, 5, 1000)
const signer: fc.Arbitrary<SignerSpec> = fc.record({
  type: fc.constantFrom('Signer' as const, 'TimestampSigner' as const),
  key,
  fallbacks: fc.array(key, { maxLength: 2 }),
  sep: fc.constantFrom(':', ':', ':', '|', '::'),
  salt,
  algorithm: fc.constantFrom('sha256', 'sha256', 'sha1'),
})
const options: fc.Arbitrary<Options> = fc.record({ compress: fc.boolean(), reversed: fc.boolean() })

/** Strings around the length from which compression is always tried, with and without repetitions. */
const text = fc.oneof(
  fc.string({ maxLength: 120 }),
  fc.string({ unit: fc.constantFrom('a', 'b', ':', '|'), maxLength: 200 }),
  fc.stringMatching(/^[\w-]{60,100}$/),
)
const json = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }), fc.array(fc.integer(), { maxLength: 30 }))
const dict = fc.dictionary(fc.string({ maxLength: 8 }), json, { maxKeys: 4, noNullPrototype: true })

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ do: fc.constant('sign'), signer, value: text }),
  fc.record({
    do: fc.constant('unsign'),
    signer,
    of: fc.nat(),
    tampered: fc.constantFrom('no', 'no', 'no', ...Object.keys(TAMPERED)),
    times: fc.integer({ min: 1, max: 3 }),
    maxAge,
  }),
  fc.record({ do: fc.constant('dumps'), salt, value: json, options }),
  fc.record({ do: fc.constant('loads'), salt, of: fc.nat(), options, maxAge }),
  fc.record({ do: fc.constant('session'), data: dict, maxAge }),
  fc.record({ do: fc.constant('hmac'), salt, value: text, key }),
  fc.record({ do: fc.constant('wait'), seconds: fc.constantFrom(1, 5, 6, 2000) }),
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
  #seconds = 0

  // oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive
  async take(each: Step): Promise<unknown> {
    switch (each.do) {
      case 'sign':
        return this.#keep(signerOf(each.signer).sign(each.value))
      case 'dumps': {
        const { compress, reversed } = each.options
        return this.#keep(dumps(each.value, { salt: each.salt, compress, ...(reversed && { serializer: Reversed }) }))
      }
      case 'unsign': {
        const found = this.#at(each.of)
        const string = TAMPERED[each.tampered]?.(found) ?? found
        const reader = signerOf(each.signer)
        const read = (): string =>
          reader instanceof TimestampSigner ? reader.unsign(string, { maxAge: each.maxAge }) : reader.unsign(string)
        return Promise.all(Array.from({ length: each.times }, () => outcome(read)))
      }
      case 'loads': {
        const { reversed } = each.options
        const limits = { salt: each.salt, maxAge: each.maxAge, ...(reversed && { serializer: Reversed }) }
        return loads(this.#at(each.of), limits)
      }
      case 'session': {
        const string = this.#keep(encodeSession(each.data, 'salt'))
        return [string, await outcome(() => readSession(string, 'salt', each.maxAge))]
      }
      case 'hmac':
        return saltedHmac(each.salt, each.value, { secret: KEYS[each.key] as string }).toString('hex')
      case 'wait':
        this.#seconds += each.seconds
        setClock({ now: () => START + this.#seconds * 1000 })
        return undefined
    }
  }

  #keep(string: string): string {
    this.#signed.push(string)
    return string
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
