/**
 * HMAC (RFC 2104) under one key. Node's own is a stream, made anew for each text; for the short texts of sessions and
 * cookies two hashes in one call each are had for two thirds of its price.
 */
import { createHmac, hash } from 'node:crypto'

// Bytes that are needed for a moment: a buffer of one's own costs more than what is done with a short text.

export class ReusableBuffer {
  readonly bytes: Buffer
  /** Its beginnings by their length, each made once: texts are of few lengths. */
  readonly #beginnings: (Buffer | undefined)[]

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size)
    this.#beginnings = Array.from({ length: size + 1 })
  }

  /** The first `length` bytes, until they are written over. */
  beginning(length: number): Buffer {
    return (this.#beginnings[length] ??= this.bytes.subarray(0, length))
  }
}

/** Bytes that an algorithm takes at once. Others are left to Node's Hmac. */
const BLOCKS: Readonly<Record<string, number>> = { sha1: 64, sha224: 64, sha256: 64, sha384: 128, sha512: 128 }

/** Characters of a text that is short. */
const SHORT = 1000

/** What is hashed first: a block of the key, and a text of at most three bytes a character. */
const inner = new ReusableBuffer(128 + 3 * SHORT)

export class Hmac {
  readonly #algorithm: string
  readonly #key: Uint8Array
  readonly #innerBlock: Uint8Array
  /** A block of the key, and room for the first hash. */
  readonly #outer: Buffer

  /** @param key no longer than a block, such as a hash of the algorithm */
  constructor(algorithm: string, key: Uint8Array) {
    this.#algorithm = algorithm
    this.#key = key
    const block = BLOCKS[algorithm] ?? 0
    const padded = (pad: number) => Uint8Array.from({ length: block }, (_, i) => (key[i] ?? 0) ^ pad)
    this.#innerBlock = padded(0x36)
    this.#outer = Buffer.concat([padded(0x5c), Buffer.alloc(block === 0 ? 0 : hash(algorithm, '', 'buffer').length)])
  }

  digest(value: string | Uint8Array): Buffer {
    return createHmac(this.#algorithm, this.#key).update(value).digest()
  }

  /** Of a text, in base64url without padding. */
  base64url(text: string): string {
    const block = this.#innerBlock.length
    if (block === 0 || text.length > SHORT) return this.digest(text).toString('base64url')
    inner.bytes.set(this.#innerBlock)
    const end = block + inner.bytes.write(text, block)
    this.#outer.write(hash(this.#algorithm, inner.beginning(end), 'binary'), block, 'binary')
    return hash(this.#algorithm, this.#outer, 'base64url')
  }
}
