/** Limits of names, addresses and passwords. Each is checked before the string is normalised, matched or hashed. */
import { isLongerThan } from '#core/utils'

/** Characters of a username. */
export const MAX_USERNAME_LENGTH = 254

/** Characters of a mail address: 64 before the @ and 255 behind it (RFC 5321, section 4.5.3.1). */
export const MAX_EMAIL_LENGTH = 320

/** UTF-16 code units of a password. */
export const MAX_PASSWORD_LENGTH = 4096

/** Django's message for a value of more than `limit` characters; undefined for one that is short enough. */
export function lengthProblem(value: string, limit: number): string | undefined {
  if (!isLongerThan(value, limit)) return undefined
  let count = 0
  // oxlint-disable-next-line typescript/no-unused-vars
  for (const _ of value) count++
  return `Ensure this value has at most ${limit} ${limit === 1 ? 'character' : 'characters'} (it has ${count}).`
}

/**
 * A username in NFKC, so that names which look the same are the same. A name that is too long stays as it is, as in
 * Django: the time of a normalisation grows with the square of the combining characters in a row.
 */
export const normalizeUsername = (name: string): string =>
  isLongerThan(name, MAX_USERNAME_LENGTH) ? name : name.normalize('NFKC')

/** Whether a user may have this name. A name that is too long is not looked up; a database may refuse NUL. */
export const canBeUsername = (name: string): boolean => !isLongerThan(name, MAX_USERNAME_LENGTH) && !name.includes('\0')
