/** Salted MD5: to read old passwords with, or for quick tests; never for new passwords of people. */
import { createHash } from 'node:crypto'
import {
  type DecodedPassword,
  isSame,
  isShortSalt,
  newSalt,
  part,
  type PasswordHasher,
  refuseAlgorithm,
  refuseSalt,
} from './base.ts'

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
