/** Keys derived from a salt and a secret, and HMACs under them. */
import { createHash, createHmac, getHashes, timingSafeEqual } from 'node:crypto'

/** The hash algorithm is not one that this Node knows. */
export class InvalidAlgorithm extends Error {
  override readonly name = 'InvalidAlgorithm'
}

export type Secret = string | Uint8Array

/** A key derived from a salt and a secret. */
export interface SigningKey {
  digest(value: string | Uint8Array): Buffer
  /** The digest as base64url without padding, which is quicker than to convert a Buffer. */
  signature(value: string | Uint8Array): string
  /**
   * Whether a signed string is authentic.
   * @param signed the whole string: value, separator and signature
   * @param check compares the signature; called unless this very string was authentic before, with this separator
   */
  verify(signed: string, separator: string, check: () => boolean): boolean
}

const knownAlgorithms = new Set(getHashes())

/** Computes every signature with Node's Hmac. */
export class DerivedKey implements SigningKey {
  protected readonly algorithm: string
  /** A digest of the algorithm, so no longer than one of its blocks. */
  protected readonly bytes: Buffer

  /** @throws InvalidAlgorithm */
  constructor(salt: string, secret: Secret, algorithm: string) {
    if (!knownAlgorithms.has(algorithm)) {
      throw new InvalidAlgorithm(`'${algorithm}' is not an algorithm accepted by the hashlib module.`)
    }
    this.algorithm = algorithm
    this.bytes = createHash(algorithm).update(salt).update(secret).digest()
  }

  digest(value: string | Uint8Array): Buffer {
    return createHmac(this.algorithm, this.bytes).update(value).digest()
  }

  signature(value: string | Uint8Array): string {
    return createHmac(this.algorithm, this.bytes).update(value).digest('base64url')
  }

  verify(_signed: string, _separator: string, check: () => boolean): boolean {
    return check()
  }
}

export type DeriveKey = (salt: string, secret: Secret, algorithm: string) => SigningKey

/** @throws InvalidAlgorithm */
export const deriveKey: DeriveKey = (salt, secret, algorithm) => new DerivedKey(salt, secret, algorithm)

/** Whether two strings are equal, in a time that does not depend on where they differ. */
export function constantTimeEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
