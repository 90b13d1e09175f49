/** Session keys: how they are drawn, and which texts can be one. */
import { LOWERCASE_AND_DIGITS, randomText } from '#core/utils'

/** A new key: 32 characters of a-z and 0-9, 165 bits that nobody can guess. */
export const newSessionKey = (): string => randomText(32, LOWERCASE_AND_DIGITS)

/** Django's rule for a key from outside: shorter ones are no keys at all. */
export const MIN_KEY_LENGTH = 8

/** Whether a text could be a key in a table or a cache: nothing longer than the column, nothing that needs quoting. */
export const canBeKey = (text: string): boolean => /^[!-~]{8,40}$/.test(text)
