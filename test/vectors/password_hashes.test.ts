/** Password hashers compared with hashes of Django. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import {
  Argon2PasswordHasher,
  BCryptPasswordHasher,
  BCryptSHA256PasswordHasher,
  checkPassword,
  identifyHasher,
  isPasswordUsable,
  makePassword,
  MD5PasswordHasher,
  type PasswordHasher,
  PBKDF2PasswordHasher,
  PBKDF2SHA1PasswordHasher,
  ScryptPasswordHasher,
} from '#core/contrib/auth'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: string
  readonly hasher: string
  readonly password: string | null
  readonly encoded: string | null
  readonly salt: string
  readonly iterations: number
  readonly hashers: 'default' | 'all'
  readonly samples: number
  readonly n: number
  readonly r: number
  readonly p: number
  readonly memory_cost: number
  readonly time_cost: number
  readonly parallelism: number
}

interface Expected {
  readonly encoded: string
  readonly ok: boolean
  readonly usable: boolean
  readonly must_update: boolean
  readonly algorithm: string
  readonly prefix: string
  readonly length: number
  readonly alphabet: string
}

const DEFAULT = ['PBKDF2', 'PBKDF2SHA1', 'Argon2', 'BCryptSHA256', 'Scrypt']
const named = (names: readonly string[]) => names.map((name) => `django.contrib.auth.hashers.${name}PasswordHasher`)
const HASHERS = { default: named(DEFAULT), all: named([...DEFAULT, 'BCrypt', 'MD5']) }

const pbkdf2 = { pbkdf2_sha256: PBKDF2PasswordHasher, pbkdf2_sha1: PBKDF2SHA1PasswordHasher }
const others: Record<string, new () => PasswordHasher> = {
  bcrypt_sha256: BCryptSHA256PasswordHasher,
  bcrypt: BCryptPasswordHasher,
  md5: MD5PasswordHasher,
}

/** Encodes with the parameters of a vector. The length of a hash is not among them, but follows from the result. */
function encode({ hasher, password, salt, ...input }: Input, { encoded }: Expected): Promise<string> {
  const text = password as string
  if (hasher in pbkdf2) return new pbkdf2[hasher as keyof typeof pbkdf2]().encode(text, salt, input.iterations)
  if (hasher === 'scrypt') {
    return new ScryptPasswordHasher().encode(text, salt, {
      workFactor: input.n,
      blockSize: input.r,
      parallelism: input.p,
    })
  }
  if (hasher === 'argon2') {
    return new Argon2PasswordHasher().encode(text, salt, {
      variety: 'argon2id',
      version: 19,
      memoryCost: input.memory_cost,
      timeCost: input.time_cost,
      parallelism: input.parallelism,
      hashLength: Buffer.from(encoded.split('$').at(-1) as string, 'base64').length,
    })
  }
  return new (others[hasher] as new () => PasswordHasher)().encode(text, salt)
}

class WithIterations extends PBKDF2PasswordHasher {
  override readonly iterations: number

  constructor(iterations: number) {
    super()
    this.iterations = iterations
  }
}

describe('vectors: password_hashes', function () {
  this.timeout(30_000)
  before(() => setup())
  for (const { name, input, expected } of loadVectors<Input, Expected>('password_hashes')) {
    it(name, async () => {
      const { op, encoded, password } = input
      if (op === 'encode') expect(await encode(input, expected)).to.equal(expected.encoded)
      else if (op === 'verify') {
        await overrideSettings({ PASSWORD_HASHERS: HASHERS[input.hashers] }, async () => {
          expect(await checkPassword(password, encoded)).to.equal(expected.ok)
        })
      } else if (op === 'is_usable') expect(isPasswordUsable(encoded)).to.equal(expected.usable)
      else if (op === 'make_unusable') {
        const samples = await Promise.all(Array.from({ length: input.samples }, () => makePassword(null)))
        expect(new Set(samples).size).to.equal(input.samples)
        for (const sample of samples) {
          expect(sample).to.have.length(expected.length)
          expect(sample.startsWith(expected.prefix)).to.equal(true)
          for (const character of sample.slice(expected.prefix.length)) {
            expect(expected.alphabet).to.include(character)
          }
        }
      } else if (op === 'new_salt') {
        expect(new PBKDF2PasswordHasher().salt()).to.match(new RegExp(`^[${expected.alphabet}]{${expected.length}}$`))
      } else if (op === 'must_update') {
        expect(new WithIterations(input.iterations).mustUpdate(encoded as string)).to.equal(expected.must_update)
      } else if (op === 'identify') expect(identifyHasher(encoded as string).algorithm).to.equal(expected.algorithm)
      else throw new Error(`unknown op ${op}`)
    })
  }
})
