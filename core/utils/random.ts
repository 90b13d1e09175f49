/** Random texts that nobody can guess. */
import { randomFillSync } from 'node:crypto'

export const LOWERCASE_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789'
export const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

// One call into the system for many keys: a draw from the pool costs an eighth of a call of its own.
const pool = Buffer.allocUnsafe(4096)
let used = pool.length

function randomByte(): number {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const byte = pool[used] as number
  // A byte that was handed out must not stay readable in memory.
  pool[used++] = 0
  return byte
}

/** `length` characters of `alphabet` (2 to 256 of them), each equally likely. */
export function randomText(length: number, alphabet: string = LETTERS_AND_DIGITS): string {
  // Bytes at or over the largest multiple of the alphabet's size would favour its first characters.
  const limit = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    const byte = randomByte()
    if (byte < limit) text += alphabet[byte % alphabet.length]
  }
  return text
}
