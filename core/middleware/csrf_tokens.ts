/** CSRF secrets and the masked tokens that pages hold, as Django makes and reads them. */
import { constantTimeEqual } from '#core/signing'
import { LETTERS_AND_DIGITS, randomText } from '#core/utils'

export const SECRET_LENGTH = 32
const TOKEN_LENGTH = 2 * SECRET_LENGTH

const SIZE = LETTERS_AND_DIGITS.length
const INDEXES: ReadonlyMap<string, number> = new Map(Array.from(LETTERS_AND_DIGITS, (character, i) => [character, i]))

const indexOf = (character: string | undefined): number => INDEXES.get(character ?? '') ?? 0

export const newSecret = (): string => randomText(SECRET_LENGTH)

/**
 * A token for a page: the mask, and the secret moved on by it.
 * A new mask each time keeps compressed pages from telling the secret (BREACH).
 */
export function maskSecret(secret: string, mask: string = newSecret()): string {
  const cipher = Array.from(
    secret,
    (character, i) => LETTERS_AND_DIGITS[(indexOf(character) + indexOf(mask[i])) % SIZE],
  )
  return mask + cipher.join('')
}

/** The secret of a masked token. */
export function unmaskToken(token: string): string {
  const mask = token.slice(0, SECRET_LENGTH)
  const secret = Array.from(
    token.slice(SECRET_LENGTH),
    (character, i) => LETTERS_AND_DIGITS[(SIZE + indexOf(character) - indexOf(mask[i])) % SIZE],
  )
  return secret.join('')
}

/** What is wrong with a secret or token as it came, in Django's words; undefined where nothing is. */
export function formatProblem(token: string): string | undefined {
  if (token.length !== SECRET_LENGTH && token.length !== TOKEN_LENGTH) return 'has incorrect length'
  return /[^a-zA-Z0-9]/.test(token) ? 'has invalid characters' : undefined
}

/** The secret of what came, whether masked (Django up to 4.0, and every page) or not. Its format must be good. */
export const secretOf = (token: string): string => (token.length === TOKEN_LENGTH ? unmaskToken(token) : token)

/** Whether a token that came stands for the secret. Takes the same time for every wrong one. */
export const tokenMatches = (token: string, secret: string): boolean => constantTimeEqual(secretOf(token), secret)
