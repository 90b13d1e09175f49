/** Argon2, by @node-rs/argon2: `argon2$` and a PHC text, `argon2$argon2id$v=19$m=102400,t=2,p=8$SALT$HASH`. */
import {
  type DecodedPassword,
  isSame,
  isShortSalt,
  newSalt,
  part,
  type PasswordHasher,
  refuseAlgorithm,
  wholeNumber,
} from './base.ts'
import { argon2 } from './packages.ts'

const VARIETIES = ['argon2d', 'argon2i', 'argon2id']
/** The numbers of the versions in PHC texts, in the package's order. */
const VERSIONS = [16, 19]

interface Parameters {
  readonly variety: string
  readonly version: number
  /** KiB. */
  readonly memoryCost: number
  readonly timeCost: number
  readonly parallelism: number
  /** Bytes. */
  readonly hashLength: number
}

interface Decoded extends DecodedPassword, Parameters {}

const NUMBERS = ['version', 'memoryCost', 'timeCost', 'parallelism', 'hashLength'] as const

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '')

export class Argon2PasswordHasher implements PasswordHasher, Parameters {
  readonly algorithm = 'argon2'
  readonly variety: string = 'argon2id'
  readonly version: number = 19
  readonly memoryCost: number = 102_400
  readonly timeCost: number = 2
  readonly parallelism: number = 8
  readonly hashLength: number = 32

  salt(): string {
    return newSalt()
  }

  async encode(password: string, salt: string, parameters: Parameters = this): Promise<string> {
    const { variety, version, memoryCost, timeCost, parallelism } = parameters
    const hash = await this.#hash(password, salt, parameters)
    const costs = `m=${memoryCost},t=${timeCost},p=${parallelism}`
    const versionText = version === 16 ? '' : `$v=${version}`
    return `${this.algorithm}$${variety}${versionText}$${costs}$${unpadded(Buffer.from(salt))}$${unpadded(hash)}`
  }

  async #hash(password: string, salt: string, parameters: Parameters): Promise<Buffer> {
    const { hashRaw } = await argon2()
    return hashRaw(password, {
      algorithm: VARIETIES.indexOf(parameters.variety),
      version: VERSIONS.indexOf(parameters.version),
      memoryCost: parameters.memoryCost,
      timeCost: parameters.timeCost,
      parallelism: parameters.parallelism,
      outputLen: parameters.hashLength,
      salt: Buffer.from(salt, 'latin1'),
    })
  }

  decode(encoded: string): Decoded {
    const [algorithm = '', variety = '', ...rest] = encoded.split('$')
    refuseAlgorithm(algorithm, this.algorithm)
    // The version was not written down when there was only one.
    const version = rest[0]?.startsWith('v=') === true ? wholeNumber((rest.shift() as string).slice(2)) : 16
    if (!VARIETIES.includes(variety) || !VERSIONS.includes(version)) {
      throw new TypeError('The encoded password is of an unknown kind of Argon2.')
    }
    // Writers differ in the order of the costs, so they are read by name.
    const costs = Object.fromEntries(
      part(rest, 0)
        .split(',')
        .map((cost) => cost.split('=')),
    ) as Record<string, string>
    const hash = part(rest, 2)
    return {
      algorithm,
      variety,
      version,
      memoryCost: wholeNumber(costs.m ?? ''),
      timeCost: wholeNumber(costs.t ?? ''),
      parallelism: wholeNumber(costs.p ?? ''),
      hashLength: Buffer.from(hash, 'base64').length,
      salt: Buffer.from(part(rest, 1), 'base64').toString('latin1'),
      hash,
    }
  }

  async verify(password: string, encoded: string): Promise<boolean> {
    const decoded = this.decode(encoded)
    return isSame(Buffer.from(decoded.hash, 'base64'), await this.#hash(password, decoded.salt, decoded))
  }

  mustUpdate(encoded: string): boolean {
    const decoded = this.decode(encoded)
    const changed = decoded.variety !== this.variety || NUMBERS.some((name) => decoded[name] !== this[name])
    return changed || isShortSalt(decoded.salt)
  }

  // Its cost is in its memory, of which a part cannot be worked through later.
  async hardenRuntime(): Promise<void> {}
}
