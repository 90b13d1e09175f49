/**
 * Hashers from `node:crypto`: PBKDF2, the default (`pbkdf2_sha256$ITERATIONS$SALT$HASH`), and salted MD5, which is only
 * for legacy passwords and fast tests.
 */
import { createHash, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import {
  type DecodedPassword,
  isSame,
  isShortSalt,
  MAX_TIMES_THE_WORK,
  newSalt,
  part,
  type PasswordHasher,
  refuseAlgorithm,
  refuseParameters,
  refuseSalt,
  wholeNumber,
} from './base.ts'

const derive = promisify(pbkdf2)

/** The default of Django 6.0. */
const ITERATIONS = 1_200_000

interface Decoded extends DecodedPassword {
  readonly iterations: number
}

export class PBKDF2PasswordHasher implements PasswordHasher {
  readonly algorithm: string = 'pbkdf2_sha256'
  /** Hashes with another count are still verified, and updated at the next login. */
  readonly iterations: number = ITERATIONS
  protected readonly digest: string = 'sha256'
  /** In bytes. */
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
    const salt = part(parts, 2)
    refuseParameters(iterations >= 1 && iterations <= MAX_TIMES_THE_WORK * Math.max(this.iterations, ITERATIONS))
    refuseSalt(salt)
    return { algorithm: this.algorithm, iterations, salt, hash: parts.slice(3).join('$') }
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

/** For compatibility with systems that lack SHA-256. */
export class PBKDF2SHA1PasswordHasher extends PBKDF2PasswordHasher {
  override readonly algorithm: string = 'pbkdf2_sha1'
  protected override readonly digest: string = 'sha1'
  protected override readonly length: number = 20
}

export class MD5PasswordHasher implements PasswordHasher {
  readonly algorithm = 'md5'

  salt(): string {
    return newSalt()
  }

  async encode(password: string, salt: string): Promise<string> {
    refuseSalt(salt)
    const hash = createHash('md5')
      .update(salt + password)
      .digest('hex')
    return `${this.algorithm}$${salt}$${hash}`
  }

  decode(encoded: string): DecodedPassword {
    const parts = encoded.split('$')
    refuseAlgorithm(part(parts, 0), this.algorithm)
    const salt = part(parts, 1)
    refuseSalt(salt)
    return { algorithm: this.algorithm, salt, hash: part(parts, 2) }
  }

  async verify(password: string, encoded: string): Promise<boolean> {
    const { salt } = this.decode(encoded)
    return isSame(Buffer.from(encoded), Buffer.from(await this.encode(password, salt)))
  }

  mustUpdate(encoded: string): boolean {
    return isShortSalt(this.decode(encoded).salt)
  }

  async hardenRuntime(): Promise<void> {}
}
