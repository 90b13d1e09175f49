/** Random strings for keys, salts and tokens, and the masking of secrets in pages, logs and messages. */
import { randomInt } from 'node:crypto'

export const MASK = '*'.repeat(20)

/** Parts of names that Django considers secret. */
const PARTS = /api|auth|token|key|secret|pass|signature|credential|private/i

/** Further parts of names, which do not occur in other words. */
const UNIQUE = /pwd|cvv|cvc|pincode|cardnum|cardno|creditcard|securitycode/i

/** Whole words of names: `pin` must not match `shipping`. A plural and a number may follow: `otps`, `pin2`. */
const WORDS =
  /(?:^|[^a-z\d])(?:pin|pw|otp|hotp|totp|mfa|2fa|csc|cvn|ssn|iban|jwt|bearer|dsn|(?:card|cc|pin|account)[^a-z\d]?(?:number|num|no)|(?:security|verification|auth|one[^a-z\d]?time|sms|pin|recovery|backup)[^a-z\d]?codes?)s?\d*(?![a-z\d])/

/** Names that are secret in a request only: `code` is used by OAuth. */
const IN_REQUESTS = /cookie|session|sessid|csrf|xsrf|^code$|(?:^|[^a-z\d])sid(?![a-z\d])/

/** A name in lower case with its words separated: `user_pin` for `userPIN`. */
const spacedOut = (name: string): string =>
  name.replace(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toLowerCase()

/** Whether a name contains a word for a secret that Django does not look for: `pwd`, `pin`, `otp`, `cvv`, … */
export const hasSecretWord = (name: string): boolean => UNIQUE.test(name) || WORDS.test(spacedOut(name))

/** Whether the name of a setting or of a credential says that its value is secret. */
export const isSecretName = (name: string): boolean => PARTS.test(name) || hasSecretWord(name)

/** Whether the name of a form field, header or cookie says that its value is secret. */
export const isSecretField = (name: string): boolean => isSecretName(name) || IN_REQUESTS.test(spacedOut(name))

/** The end of user and password in a URL. */
const END = /[\s/?#]/g

/** The same in a setting, where a password may contain `?` and `#`. */
const END_IN_SETTING = /[\s/]/g

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * A setting without what its name, or a name inside it, says is secret, and without the passwords of URLs. An object of
 * a class is replaced by the name of the class, because its properties cannot be judged by their names.
 */
export function maskSecrets(name: string, value: unknown, ancestors: readonly unknown[] = []): unknown {
  if (isSecretName(name)) return MASK
  if (typeof value === 'string') return maskUrlPasswords(value, MASK, END_IN_SETTING)
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof RegExp) return value
  if (ancestors.includes(value)) return '[Circular]'
  const inside = [...ancestors, value]
  if (Array.isArray(value)) return value.map((entry) => maskSecrets('', entry, inside))
  if (value instanceof Map) return maskSecrets('', Object.fromEntries(value), inside)
  if (!isPlain(value)) return `<${value.constructor?.name ?? 'object'}>`
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, maskSecrets(key, entry, inside)]))
}

/**
 * Replaces the password of each URL in a string, in linear time.
 * @param end a global regular expression for the character after user and password
 */
export function maskUrlPasswords(text: string, mask: string, end = END): string {
  let out = ''
  let from = 0
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    if (!/[a-z\d+.-]/i.test(text[at - 1] ?? '')) continue
    const start = at + '://'.length
    end.lastIndex = start
    const userInfo = text.slice(start, end.exec(text)?.index ?? text.length)
    const [colon, sign] = [userInfo.indexOf(':'), userInfo.lastIndexOf('@')]
    if (colon < 0 || sign <= colon + 1) continue
    out += text.slice(from, start + colon + 1) + mask
    from = start + sign
  }
  return out + text.slice(from)
}

export const LOWERCASE_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789'
export const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** A string of `length` characters of `alphabet`, each equally likely, from the cryptographic random generator of the system. */
export function randomString(length: number, alphabet: string = LETTERS_AND_DIGITS): string {
  let text = ''
  // Node fetches random bytes for many calls together.
  while (text.length < length) text += alphabet[randomInt(alphabet.length)]
  return text
}
