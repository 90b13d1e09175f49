/** PBKDF2, the hasher that is used unless another is preferred: `pbkdf2_sha256$ITERATIONS$SALT$HASH`. */
import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import {
  type DecodedPassword,
  isSame,
  isShortSalt,
  newSalt,
  part,
  type PasswordHasher,
  refuseAlgorithm,
  refuseSalt,
  wholeNumber,
} from './base.ts'

const derive = promisify(pbkdf2)

interface Decoded extends DecodedPassword {
  readonly iterations: number
}

export class PBKDF2PasswordHasher implements PasswordHasher {
  readonly algorithm: string = 'pbkdf2_sha256'
  /** That of Django 6.0. A hash of any other count is verified, and renewed at the next login. */
  readonly iterations: number = 1_200_000
  protected readonly digest: string = 'sha256'
  /** Bytes. */
  protected readonly length: number = 32

  salt(): string {
    return newSalt()
  }

  async encode(password: string, salt: string, iterations: number = this.iterations): Promise<string> {
    refuseSalt(salt)
    const hash = await derive(password, salt, iterations, this.length, this.digest)
    return `${this.algorithm}$${iterations}$${salt}$${hash.toString('base64')}`
  }

  decode(encoded: string): Decoded {
    const parts = encoded.split('$')
    refuseAlgorithm(part(parts, 0), this.algorithm)
    const iterations = wholeNumber(part(parts, 1))
    if (iterations === 0) throw new TypeError('The encoded password has no iterations.')
    return { algorithm: this.algorithm, iterations, salt: part(parts, 2), hash: parts.slice(3).join('$') }
  }

  async verify(password: string, encoded: string): Promise<boolean> {
    const { iterations, salt } = this.decode(encoded)
    return isSame(Buffer.from(encoded), Buffer.from(await this.encode(password, salt, iterations)))
  }

  mustUpdate(encoded: string): boolean {
    const { iterations, salt } = this.decode(encoded)
    return iterations !== this.iterations || isShortSalt(salt)
  }

  async hardenRuntime(password: string, encoded: string): Promise<void> {
    const { iterations, salt } = this.decode(encoded)
    const missing = this.iterations - iterations
    if (missing > 0) await this.encode(password, salt, missing)
  }
}

/** For servers that know no SHA-256. */
export class PBKDF2SHA1PasswordHasher extends PBKDF2PasswordHasher {
  override readonly algorithm: string = 'pbkdf2_sha1'
  protected override readonly digest: string = 'sha1'
  protected override readonly length: number = 20
}
