/** Session keys: how they are drawn, and which strings can be one. */
import { LOWERCASE_AND_DIGITS, randomString } from '#core/utils'

/** A new key: 32 characters of a-z and 0-9, 165 bits that nobody can guess. */
export const newSessionKey = (): string => randomString(32, LOWERCASE_AND_DIGITS)

/**
 * Whether a string could be a key of any engine: 8 to 4096 visible ASCII characters. Django refuses shorter keys, and
 * no browser keeps a longer cookie. For any other string there is no session, and no engine is called.
 * @throws TypeError for a value that is not a string
 */
export function isSessionKey(key: unknown): key is string {
  if (typeof key !== 'string') {
    throw new TypeError(`A session key is a string, found ${key === null ? 'null' : `a value of type ${typeof key}`}.`)
  }
  return key.length <= 4096 && /^[!-~]{8,}$/.test(key)
}

/** Whether a string could be a key in a table or a cache: nothing longer than the column, nothing that needs quoting. */
export const canBeKey = (key: string): boolean => typeof key === 'string' && /^[!-~]{8,40}$/.test(key)
