/** Argon2 through @node-rs/argon2: `argon2$` and a PHC string, `argon2$argon2id$v=19$m=102400,t=2,p=8$SALT$HASH`. */
import {
  argon2,
  type DecodedPassword,
  isSame,
  isShortSalt,
  MAX_TIMES_THE_WORK,
  newSalt,
  type PasswordHasher,
  refuseAlgorithm,
  refuseParameters,
  toUnpaddedBase64,
  unpaddedBase64,
  wholeNumber,
} from './base.ts'

const VARIETIES = ['argon2d', 'argon2i', 'argon2id']
/** Version numbers in PHC strings, in the order of the package's enum. */
const VERSIONS = [16, 19]

interface Parameters {
  readonly variety: string
  readonly version: number
  /** In KiB. */
  readonly memoryCost: number
  readonly timeCost: number
  readonly parallelism: number
  /** In bytes. */
  readonly hashLength: number
}

interface Decoded extends DecodedPassword, Parameters {}

const NUMBERS = ['version', 'memoryCost', 'timeCost', 'parallelism', 'hashLength'] as const

/** Django's defaults. */
const DJANGO_COSTS = { memoryCost: 102_400, timeCost: 2, parallelism: 8 }

type Costs = typeof DJANGO_COSTS

const work = ({ memoryCost, timeCost }: Pick<Costs, 'memoryCost' | 'timeCost'>): number => memoryCost * timeCost

// Bounded separately from `work`: too much memory kills the process, and many lanes add overhead of their own.
const memory = ({ memoryCost }: Costs): number => memoryCost
const lanes = ({ parallelism }: Costs): number => parallelism

/** Reads the costs by name, because implementations write them in different orders. @throws TypeError */
function costsIn(text: string): Costs {
  const parts = text.split(',')
  const costs = new Map(parts.map((cost) => [cost.slice(0, 2), cost.slice(2)]))
  const [memoryCost = 0, timeCost = 0, parallelism = 0] = ['m=', 't=', 'p='].map((name) =>
    wholeNumber(costs.get(name) ?? ''),
  )
  if (parts.length !== 3) throw new TypeError('The encoded password has other costs than Argon2.')
  return { memoryCost, timeCost, parallelism }
}

/** The limits of RFC 9106, section 3.1. */
const isPossible = ({ memoryCost, timeCost, parallelism }: Costs, salt: Uint8Array, hash: Uint8Array): boolean =>
  timeCost >= 1 && parallelism >= 1 && memoryCost >= 8 * parallelism && salt.length >= 8 && hash.length >= 4

export class Argon2PasswordHasher implements PasswordHasher, Parameters {
  readonly algorithm = 'argon2'
  readonly variety: string = 'argon2id'
  readonly version: number = 19
  readonly memoryCost: number = DJANGO_COSTS.memoryCost
  readonly timeCost: number = DJANGO_COSTS.timeCost
  readonly parallelism: number = DJANGO_COSTS.parallelism
  readonly hashLength: number = 32

  salt(): string {
    return newSalt()
  }

  async encode(password: string, salt: string, parameters: Parameters = this): Promise<string> {
    const { variety, version, memoryCost, timeCost, parallelism } = parameters
    const hash = await this.#hash(password, salt, parameters)
    const costs = `m=${memoryCost},t=${timeCost},p=${parallelism}`
    const versionText = version === 16 ? '' : `$v=${version}`
    return `${this.algorithm}$${variety}${versionText}$${costs}$${toUnpaddedBase64(Buffer.from(salt))}$${toUnpaddedBase64(hash)}`
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
    // Version 16 (1.0) is written without a version field.
    const version = rest[0]?.startsWith('v=') === true ? wholeNumber((rest.shift() as string).slice(2)) : 16
    if (!VARIETIES.includes(variety) || !VERSIONS.includes(version)) {
      throw new TypeError('The encoded password is of an unknown kind of Argon2.')
    }
    const [costText = '', saltText = '', hash = '', ...more] = rest
    const [costs, salt, bytes] = [costsIn(costText), unpaddedBase64(saltText), unpaddedBase64(hash)]
    const isBounded = [work, memory, lanes].every(
      (of) => of(costs) <= MAX_TIMES_THE_WORK * Math.max(of(this), of(DJANGO_COSTS)),
    )
    refuseParameters(more.length === 0 && isPossible(costs, salt, bytes) && isBounded)
    return { algorithm, variety, version, ...costs, hashLength: bytes.length, salt: salt.toString('latin1'), hash }
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

  // Does nothing: memory cost cannot be made up for by further work.
  async hardenRuntime(): Promise<void> {}
}
