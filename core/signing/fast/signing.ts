/**
 * Fast paths of signing: HMACs of short strings by one-shot hashes, a memory of derived keys and authentic strings, because
 * a client sends the same signed cookie again and again, and the recognition of data that deflate cannot shrink.
 */
import { hash } from 'node:crypto'
import { BoundedCache } from '#core/concurrency'
import { DerivedKey, deriveKey, type DeriveKey, type Secret, type SigningKey } from '../signing_key.ts'

/** Bytes of a block of the algorithms that are hashed in one call. */
const BLOCKS: Readonly<Record<string, number>> = { sha1: 64, sha224: 64, sha256: 64, sha384: 128, sha512: 128 }

/** Characters of a string that is short. */
const SHORT_STRING = 1000

/** What is hashed first: a block of the key, and a short string of at most three bytes a character. */
const inner = Buffer.alloc(128 + 3 * SHORT_STRING)

/** HMAC (RFC 2104) by two one-shot hashes. Node's Hmac is a stream, and creating one costs more than both hashes. */
class OneShotKey extends DerivedKey {
  readonly #innerBlock: Uint8Array
  /** A block of the key, and room for the first hash. */
  readonly #outer: Buffer

  constructor(salt: string, secret: Secret, algorithm: string, block: number) {
    super(salt, secret, algorithm)
    const padded = (pad: number): Uint8Array => Uint8Array.from({ length: block }, (_, i) => (this.bytes[i] ?? 0) ^ pad)
    this.#innerBlock = padded(0x36)
    this.#outer = Buffer.concat([padded(0x5c), this.bytes])
  }

  override signature(value: string | Uint8Array): string {
    if (typeof value !== 'string' || value.length > SHORT_STRING) return super.signature(value)
    const block = this.#innerBlock.length
    inner.set(this.#innerBlock)
    const end = block + inner.write(value, block)
    this.#outer.write(hash(this.algorithm, inner.subarray(0, end), 'binary'), block, 'binary')
    return hash(this.algorithm, this.#outer, 'base64url')
  }
}

/** As `deriveKey`. @throws InvalidAlgorithm */
export const deriveOneShotKey: DeriveKey = (salt, secret, algorithm) => {
  const block = BLOCKS[algorithm]
  return block === undefined ? deriveKey(salt, secret, algorithm) : new OneShotKey(salt, secret, algorithm, block)
}

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
