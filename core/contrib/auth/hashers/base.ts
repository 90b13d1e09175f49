/** The password hasher interface, helpers for hashers, and the npm packages that some of them need. */
import { timingSafeEqual } from 'node:crypto'
import { namedBy } from '#core/conf'
import { importPackage, randomString } from '#core/utils'

/** The parts of an encoded password. */
export interface DecodedPassword {
  readonly algorithm: string
  readonly hash: string
  readonly salt: string
}

/** Hashes and verifies passwords. PASSWORD_HASHERS names classes that implement it. */
export interface PasswordHasher {
  /** The first part of the encoded password. */
  readonly algorithm: string
  /** A new random salt. */
  salt(): string
  /** @throws TypeError for a salt that the format cannot represent */
  encode(password: string, salt: string): Promise<string>
  verify(password: string, encoded: string): Promise<boolean>
  /** @throws TypeError for a string that this hasher has not encoded */
  decode(encoded: string): DecodedPassword
  /** Whether a stored password should be encoded again because the parameters have changed. */
  mustUpdate(encoded: string): boolean
  /** Does the work that a hash with older parameters saves, so that timing does not reveal its age. */
  hardenRuntime(password: string, encoded: string): Promise<void>
}

export type PasswordHasherClass = new () => PasswordHasher

/** Entropy of a salt in bits. */
export const SALT_ENTROPY = 128
const BITS_PER_CHARACTER = Math.log2(62)

/** Whether a salt has less entropy than a new one. */
export const isShortSalt = (salt: string): boolean => salt.length * BITS_PER_CHARACTER < SALT_ENTROPY

export const newSalt = (): string => randomString(Math.ceil(SALT_ENTROPY / BITS_PER_CHARACTER))

/** @throws TypeError for an empty salt, or one that contains the separator `$` */
export function refuseSalt(salt: string): void {
  if (salt === '' || salt.includes('$')) throw new TypeError('A salt must be provided and cannot contain $.')
}

/** @throws TypeError */
export function refuseAlgorithm(found: string, expected: string): void {
  if (found !== expected) throw new TypeError(`This password was encoded by '${found}', not by '${expected}'.`)
}

/** Constant-time comparison of byte strings of equal length. */
export const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)

/** The part of an encoded password at an index. @throws TypeError if it is missing */
export function part(parts: readonly string[], i: number): string {
  const found = parts[i]
  if (found === undefined) throw new TypeError('The encoded password is cut off.')
  return found
}

/** Parses an integer parameter of up to 10 digits without leading zeros. @throws TypeError */
export function wholeNumber(text: string): number {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(text)) throw new TypeError('The encoded password has a parameter that is no number.')
  return Number(text)
}

/** Decodes base64 in canonical form: no padding, whitespace or surplus bits. @throws TypeError */
export function unpaddedBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (toUnpaddedBase64(bytes) !== text) throw new TypeError('The encoded password has a part that is not base64.')
  return bytes
}

export const toUnpaddedBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('base64')
    .replace(/={1,2}$/, '')

/**
 * Limit for the cost of a stored password, as a multiple of its hasher's cost or, if higher, Django's default cost. A
 * password above it is damaged or forged, and would occupy a thread for minutes or years.
 */
export const MAX_TIMES_THE_WORK = 10

/** @throws TypeError for parameters that are invalid for the algorithm or too expensive */
export function refuseParameters(isGood: boolean): void {
  if (!isGood) throw new TypeError('The encoded password has invalid parameters.')
}

// Packages for the algorithms that Node does not provide.

export const argon2 = (): Promise<typeof import('@node-rs/argon2')> =>
  importPackage('@node-rs/argon2', namedBy('PASSWORD_HASHERS'))

export const bcrypt = (): Promise<typeof import('@node-rs/bcrypt')> =>
  importPackage('@node-rs/bcrypt', namedBy('PASSWORD_HASHERS'))
