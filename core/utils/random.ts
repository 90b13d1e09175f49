/** Random strings for keys, salts and tokens. */
import { randomInt } from 'node:crypto'

export const LOWERCASE_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789'
export const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** A string of `length` characters of `alphabet`, each equally likely, from the cryptographic random generator of the system. */
export function randomString(length: number, alphabet: string = LETTERS_AND_DIGITS): string {
  let text = ''
  // Node fetches random bytes for many calls together.
  while (text.length < length) text += alphabet[randomInt(alphabet.length)]
  return text
}
