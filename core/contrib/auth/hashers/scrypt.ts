/** scrypt: `scrypt$N$SALT$R$P$HASH`. */
import { scrypt, type ScryptOptions } from 'node:crypto'
import {
  type DecodedPassword,
  isSame,
  MAX_TIMES_THE_WORK,
  newSalt,
  part,
  type PasswordHasher,
  refuseAlgorithm,
  refuseParameters,
  refuseSalt,
  wholeNumber,
} from './base.ts'

const LENGTH = 64

interface Parameters {
  readonly workFactor: number
  readonly blockSize: number
  readonly parallelism: number
}

/** Django's defaults. */
const DJANGO_PARAMETERS: Parameters = { workFactor: 2 ** 14, blockSize: 8, parallelism: 5 }

const work = ({ workFactor, blockSize, parallelism }: Parameters): number => workFactor * blockSize * parallelism

/** RFC 7914, section 2: N is a power of two, greater than 1 and less than 2^(16 r). */
const isPossible = ({ workFactor: N, blockSize: r, parallelism: p }: Parameters): boolean =>
  N > 1 && Number.isInteger(Math.log2(N)) && r > 0 && Math.log2(N) < 16 * r && p > 0

const derive = (password: string, salt: string, options: ScryptOptions): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password, salt, LENGTH, options, (error, hash) => (error === null ? resolve(hash) : reject(error)))
  })

export class ScryptPasswordHasher implements PasswordHasher {
  readonly algorithm: string = 'scrypt'
  readonly workFactor: number = DJANGO_PARAMETERS.workFactor
  readonly blockSize: number = DJANGO_PARAMETERS.blockSize
  readonly parallelism: number = DJANGO_PARAMETERS.parallelism

  salt(): string {
    return newSalt()
  }

  async encode(password: string, salt: string, parameters: Parameters = this): Promise<string> {
    refuseSalt(salt)
    const { workFactor: N, blockSize: r, parallelism: p } = parameters
    // Node's default limit is 32 MB, which common parameters exceed.
    const maxmem = 128 * r * (N + p + 2)
    const hash = await derive(password, salt, { N, r, p, maxmem })
    return `${this.algorithm}$${N}$${salt}$${r}$${p}$${hash.toString('base64')}`
  }

  decode(encoded: string): DecodedPassword & Parameters {
    const [algorithm = '', workFactor = '', ...rest] = encoded.split('$')
    refuseAlgorithm(algorithm, this.algorithm)
    const parameters = {
      workFactor: wholeNumber(workFactor),
      blockSize: wholeNumber(part(rest, 1)),
      parallelism: wholeNumber(part(rest, 2)),
    }
    const maxWork = MAX_TIMES_THE_WORK * Math.max(work(this), work(DJANGO_PARAMETERS))
    refuseParameters(isPossible(parameters) && work(parameters) <= maxWork)
    const salt = part(rest, 0)
    refuseSalt(salt)
    return { algorithm, ...parameters, salt, hash: part(rest, 3) }
  }

  async verify(password: string, encoded: string): Promise<boolean> {
    const decoded = this.decode(encoded)
    return isSame(Buffer.from(encoded), Buffer.from(await this.encode(password, decoded.salt, decoded)))
  }

  mustUpdate(encoded: string): boolean {
    const { workFactor, blockSize, parallelism } = this.decode(encoded)
    return workFactor !== this.workFactor || blockSize !== this.blockSize || parallelism !== this.parallelism
  }

  // Does nothing: memory cost cannot be made up for by further work.
  async hardenRuntime(): Promise<void> {}
}
