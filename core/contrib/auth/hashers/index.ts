/** `makePassword`, `checkPassword` and related functions, and the built-in hashers for PASSWORD_HASHERS. */
import { type InstanceRequirement, loadedFromSettings, loadInstance, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue, joinWithAnd, randomString } from '#core/utils'
import { MAX_PASSWORD_LENGTH } from '../types.ts'
import type { PasswordHasher } from './base.ts'
import { whenThreadIsFree } from './limiter.ts'

export { Argon2PasswordHasher } from './argon2.ts'
export type { DecodedPassword, PasswordHasher, PasswordHasherClass } from './base.ts'
export { BCryptPasswordHasher, BCryptSHA256PasswordHasher } from './bcrypt.ts'
export { MD5PasswordHasher, PBKDF2PasswordHasher, PBKDF2SHA1PasswordHasher } from './pbkdf2.ts'
export { ScryptPasswordHasher } from './scrypt.ts'

/** Prefix of an encoded password that no password matches. */
const UNUSABLE_PREFIX = '!'
const UNUSABLE_LENGTH = 40

/** Maximum length of a stored password that is parsed, in characters. Django's column has 128. */
const MAX_ENCODED_LENGTH = 1024

const HASHER: InstanceRequirement<PasswordHasher> = {
  expected: 'a class of password hashers with an algorithm',
  accepts: ({ encode, algorithm }) => typeof encode === 'function' && typeof algorithm === 'string',
}

const hashers = loadedFromSettings('PASSWORD_HASHERS', async () => {
  const names = settings.PASSWORD_HASHERS
  if (names.length === 0) {
    throw new ImproperlyConfigured(
      "PASSWORD_HASHERS is empty. It names the password hashers, the first for new passwords: 'core.contrib.auth.hashers.PBKDF2PasswordHasher'.",
    )
  }
  return Promise.all(names.map((name, i) => loadInstance(`PASSWORD_HASHERS[${i}]`, name, HASHER)))
})

/** All hashers of PASSWORD_HASHERS, the preferred one first. */
export const getHashers = (): readonly PasswordHasher[] => hashers()

/**
 * Returns the hasher of an algorithm, or the preferred one by default.
 * @throws TypeError if PASSWORD_HASHERS has no hasher of that algorithm
 */
export function getHasher(algorithm?: string): PasswordHasher {
  const all = hashers()
  const found = algorithm === undefined ? all[0] : all.find((hasher) => hasher.algorithm === algorithm)
  if (found !== undefined) return found
  throw new TypeError(
    `PASSWORD_HASHERS has no hasher of '${algorithm}'. It has: ${joinWithAnd(all.map((hasher) => hasher.algorithm))}.`,
  )
}

/** The hasher that encoded a password. @throws TypeError if PASSWORD_HASHERS has none of its algorithm */
export const identifyHasher = (encoded: string): PasswordHasher => getHasher(encoded.split('$', 1)[0])

/**
 * Whether the password was not set to be unusable. Null and the empty string count as usable, as in Django.
 */
export const isPasswordUsable = (encoded: string | null): boolean =>
  encoded === null || !encoded.startsWith(UNUSABLE_PREFIX)

/** A unique value for a user without a password. No password matches it. */
export const unusablePassword = (): string => UNUSABLE_PREFIX + randomString(UNUSABLE_LENGTH)

/**
 * Hashes a password for storage.
 * @param password null for an unusable password
 * @param options.salt random by default
 * @param options.hasher algorithm of the hasher; the preferred one by default
 * @throws RangeError for a password of more than 4096 characters
 * @throws ServiceUnavailable if the hashing queue is full
 */
export async function makePassword(
  password: string | null,
  { salt, hasher }: { salt?: string; hasher?: string } = {},
): Promise<string> {
  if (password === null) return unusablePassword()
  if (typeof password !== 'string') throw new TypeError(`A password is a text, found ${formatValue(password)}.`)
  if (password.length > MAX_PASSWORD_LENGTH) {
    throw new RangeError(`A password has at most ${MAX_PASSWORD_LENGTH} characters, found ${password.length}.`)
  }
  const by = getHasher(hasher)
  return whenThreadIsFree(() => by.encode(password, salt ?? by.salt()))
}

/** Takes as long as a password check. Called when there is no password to check, against timing attacks. */
export async function burnHash(): Promise<void> {
  await makePassword(randomString(UNUSABLE_LENGTH))
}

export interface Verified {
  readonly isCorrect: boolean
  /** Whether the password should be encoded again with the preferred hasher. */
  readonly mustUpdate: boolean
}

/** The hasher of a stored password; undefined if the password is unusable or cannot be decoded. */
function hasherOf(encoded: string | null): PasswordHasher | undefined {
  if (encoded === null || !isPasswordUsable(encoded) || encoded.length > MAX_ENCODED_LENGTH) return undefined
  try {
    const hasher = identifyHasher(encoded)
    hasher.decode(encoded)
    return hasher
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** Whether a stored password can be verified or was set to be unusable. False if it is damaged or unknown. */
export const isPasswordReadable = (encoded: string): boolean =>
  !isPasswordUsable(encoded) || hasherOf(encoded) !== undefined

/**
 * Verifies a password and reports whether its hash is outdated. No password matches a hash that cannot be decoded.
 * @throws ServiceUnavailable if the hashing queue is full
 */
export async function verifyPassword(
  password: string | null,
  encoded: string | null,
  preferredAlgorithm?: string,
): Promise<Verified> {
  const preferred = getHasher(preferredAlgorithm)
  const hasher = hasherOf(encoded)
  if (password === null || encoded === null || hasher === undefined || password.length > MAX_PASSWORD_LENGTH) {
    await burnHash()
    return { isCorrect: false, mustUpdate: false }
  }
  const changed = hasher.algorithm !== preferred.algorithm
  const mustUpdate = changed || preferred.mustUpdate(encoded)
  const isCorrect = await whenThreadIsFree(async () => {
    const fits = await hasher.verify(password, encoded)
    // Neither the time of a failure nor a second wait in the queue may reveal that the hash is outdated.
    if (!fits && changed) await preferred.encode(randomString(UNUSABLE_LENGTH), preferred.salt())
    else if (!fits && mustUpdate) await hasher.hardenRuntime(password, encoded)
    return fits
  })
  return { isCorrect, mustUpdate }
}

/**
 * Whether a password matches the stored hash.
 * @param options.setter called with the correct password if it should be encoded again
 * @param options.preferred algorithm that new hashes use; by default, that of the first of PASSWORD_HASHERS
 */
export async function checkPassword(
  password: string | null,
  encoded: string | null,
  { setter, preferred }: { setter?: (password: string) => Promise<void>; preferred?: string } = {},
): Promise<boolean> {
  const { isCorrect, mustUpdate } = await verifyPassword(password, encoded, preferred)
  if (setter !== undefined && isCorrect && mustUpdate) await setter(password as string)
  return isCorrect
}
