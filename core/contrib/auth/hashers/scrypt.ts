/** scrypt: `scrypt$N$SALT$R$P$HASH`. */
import { scrypt, type ScryptOptions } from 'node:crypto'
import {
  type DecodedPassword,
  isSame,
  newSalt,
  part,
  type PasswordHasher,
  refuseAlgorithm,
  refuseSalt,
  wholeNumber,
} from './base.ts'

const LENGTH = 64

interface Parameters {
  readonly workFactor: number
  readonly blockSize: number
  readonly parallelism: number
}

const derive = (password: string, salt: string, options: ScryptOptions): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password, salt, LENGTH, options, (error, hash) => (error === null ? resolve(hash) : reject(error)))
  })

export class ScryptPasswordHasher implements PasswordHasher {
  readonly algorithm: string = 'scrypt'
  readonly workFactor: number = 2 ** 14
  readonly blockSize: number = 8
  readonly parallelism: number = 5

  salt(): string {
    return newSalt()
  }

  async encode(password: string, salt: string, parameters: Parameters = this): Promise<string> {
    refuseSalt(salt)
    const { workFactor: N, blockSize: r, parallelism: p } = parameters
    // Node's own limit is 32 MB, which some of the usual parameters exceed.
    const maxmem = 128 * r * (N + p + 2)
    const hash = await derive(password, salt, { N, r, p, maxmem })
    return `${this.algorithm}$${N}$${salt}$${r}$${p}$${hash.toString('base64')}`
  }

  decode(encoded: string): DecodedPassword & Parameters {
    const [algorithm = '', workFactor = '', ...rest] = encoded.split('$')
    refuseAlgorithm(algorithm, this.algorithm)
    return {
      algorithm,
      workFactor: wholeNumber(workFactor),
      salt: part(rest, 0),
      blockSize: wholeNumber(part(rest, 1)),
      parallelism: wholeNumber(part(rest, 2)),
      hash: part(rest, 3),
    }
  }

  async verify(password: string, encoded: string): Promise<boolean> {
    const decoded = this.decode(encoded)
    return isSame(Buffer.from(encoded), Buffer.from(await this.encode(password, decoded.salt, decoded)))
  }

  mustUpdate(encoded: string): boolean {
    const { workFactor, blockSize, parallelism } = this.decode(encoded)
    return workFactor !== this.workFactor || blockSize !== this.blockSize || parallelism !== this.parallelism
  }

  // Its cost is in its memory, of which a part cannot be worked through later.
  async hardenRuntime(): Promise<void> {}
}
