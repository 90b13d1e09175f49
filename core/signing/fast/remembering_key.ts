/**
 * A memory of derived keys, and under each key of the strings that were authentic: a client sends the same signed cookie
 * again and again, and a process has few salts and secrets.
 */
import { BoundedCache } from '#core/concurrency'
import type { DeriveKey, Secret, SigningKey } from '../signing_key.ts'

const MAX_KEYS = 1000

class RememberingKey implements SigningKey {
  readonly #key: SigningKey
  /** The separator of each authentic string. With another separator, the same string has another value and signature. */
  readonly #authentic = new BoundedCache<string>()

  constructor(key: SigningKey) {
    this.#key = key
  }

  digest(value: string | Uint8Array): Buffer {
    return this.#key.digest(value)
  }

  verify(signed: string, separator: string, check: () => boolean): boolean {
    if (this.#authentic.get(signed) === separator) return true
    const isAuthentic = this.#key.verify(signed, separator, check)
    if (isAuthentic) this.#authentic.add(signed, separator)
    return isAuthentic
  }
}

/** A string that no other salt, secret and algorithm have. */
function idOf(salt: string, secret: Secret, algorithm: string): string {
  // Base64 keeps bytes that are no string apart from one another; the first letter keeps them apart from strings.
  const name = typeof secret === 'string' ? `t${secret}` : `b${Buffer.from(secret).toString('base64url')}`
  // The length of the salt keeps different pairs of salt and secret apart.
  return `${algorithm}\0${salt.length}\0${salt}${name}`
}

export function rememberKeys(derive: DeriveKey): DeriveKey {
  const keys = new Map<string, SigningKey>()
  return (salt, secret, algorithm) => {
    const id = idOf(salt, secret, algorithm)
    let key = keys.get(id)
    if (key === undefined) {
      key = new RememberingKey(derive(salt, secret, algorithm))
      if (keys.size >= MAX_KEYS) keys.clear()
      keys.set(id, key)
    }
    return key
  }
}
