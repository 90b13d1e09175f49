/** The contract of a password hasher, what all hashers share, and the npm packages that some need. */
import { timingSafeEqual } from 'node:crypto'
import { namedBy } from '#core/conf'
import { importPackage, randomString } from '#core/utils'

/** What an encoded password says of itself. */
export interface DecodedPassword {
  readonly algorithm: string
  readonly hash: string
  readonly salt: string
}

/** Encodes passwords as strings that do not reveal them. PASSWORD_HASHERS names such classes. */
export interface PasswordHasher {
  /** The first part of what it encodes. */
  readonly algorithm: string
  /** A new random salt. */
  salt(): string
  /** @throws TypeError when the salt is none that it can write down */
  encode(password: string, salt: string): Promise<string>
  verify(password: string, encoded: string): Promise<boolean>
  /** @throws TypeError when the text is none of its own */
  decode(encoded: string): DecodedPassword
  /** Whether a stored password should be encoded again, because the parameters have changed. */
  mustUpdate(encoded: string): boolean
  /** Works as much longer as an encoding with today's parameters would have taken, so that its age does not show. */
  hardenRuntime(password: string, encoded: string): Promise<void>
}

export type PasswordHasherClass = new () => PasswordHasher

/** Random bits in a salt. */
export const SALT_ENTROPY = 128
const BITS_PER_CHARACTER = Math.log2(62)

/** Whether a salt is shorter than one that would be drawn today. */
export const isShortSalt = (salt: string): boolean => salt.length * BITS_PER_CHARACTER < SALT_ENTROPY

export const newSalt = (): string => randomString(Math.ceil(SALT_ENTROPY / BITS_PER_CHARACTER))

/** @throws TypeError for a salt that would break the text apart */
export function refuseSalt(salt: string): void {
  if (salt === '' || salt.includes('$')) throw new TypeError('A salt must be provided and cannot contain $.')
}

/** @throws TypeError */
export function refuseAlgorithm(found: string, expected: string): void {
  if (found !== expected) throw new TypeError(`This password was encoded by '${found}', not by '${expected}'.`)
}

/** Whether two byte strings are equal, in a time that does not tell where they differ. */
export const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)

/** The nth part of an encoded password. @throws TypeError when there is none */
export function part(parts: readonly string[], i: number): string {
  const found = parts[i]
  if (found === undefined) throw new TypeError('The encoded password is cut off.')
  return found
}

/** A whole number in an encoded password, written as hashers write it: without leading zeros. @throws TypeError */
export function wholeNumber(text: string): number {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(text)) throw new TypeError('The encoded password has a parameter that is no number.')
  return Number(text)
}

/** The bytes of base64 that is written as hashers write it: without padding, white space or surplus bits. @throws TypeError */
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
 * How many times the work of its hasher, or of Django's hasher if that is more, a stored password may ask for. A
 * password that asks for more is damaged or forged, and would occupy a thread for minutes or years.
 */
export const MAX_TIMES_THE_WORK = 10

/** @throws TypeError for parameters that are invalid for the algorithm, or that ask for too much work */
export function refuseParameters(isGood: boolean): void {
  if (!isGood) throw new TypeError('The encoded password has invalid parameters.')
}

// The packages of the algorithms that Node does not have.

export const argon2 = (): Promise<typeof import('@node-rs/argon2')> =>
  importPackage('@node-rs/argon2', namedBy('PASSWORD_HASHERS'))

export const bcrypt = (): Promise<typeof import('@node-rs/bcrypt')> =>
  importPackage('@node-rs/bcrypt', namedBy('PASSWORD_HASHERS'))
