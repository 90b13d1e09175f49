/**
 * Fast paths of signing: a memory of derived keys and authentic strings, because a client sends the same signed cookie
 * again and again, and the recognition of data that deflate cannot shrink.
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

  signature(value: string | Uint8Array): string {
    return this.#key.signature(value)
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

/**
 * Bytes up to which data without a repetition cannot shrink. The header and checksum of zlib take 48 bits and the smallest
 * table of codes 75; 18 bytes of which no three repeat need another 24, which is more than the 136 that must not be reached.
 */
const SHORT = 18

/** Each entry of the hash table holds the number of the call that filled it, so that the table need not be cleared. */
const seen = new Uint32Array(8192)
let call = 0

/** Whether three consecutive bytes occur twice, which is the least that deflate refers back to. False positives are rare. */
function repeats(bytes: Uint8Array): boolean {
  call = (call + 1) >>> 0
  if (call === 0) {
    seen.fill(0)
    call = 1
  }
  for (let i = 2; i < bytes.length; i++) {
    const three = ((bytes[i - 2] as number) << 16) | ((bytes[i - 1] as number) << 8) | (bytes[i] as number)
    const place = Math.imul(three, 0x9e3779b1) >>> 19
    if (seen[place] === call) return true
    seen[place] = call
  }
  return false
}

/** False where compression cannot shrink the data. */
export const worthCompressing = (bytes: Uint8Array): boolean => bytes.length > SHORT || repeats(bytes)
