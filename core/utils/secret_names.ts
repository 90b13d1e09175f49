/** Names that stand for secrets: of settings, of fields in forms and queries, of headers, cookies and credentials. */

/** Django's, anywhere in a name. */
const PARTS = /api|auth|token|key|secret|pass|signature|credential|private/i

/** Ours, anywhere in a name: they are in no word that means something else. */
const UNIQUE = /pwd|cvv|cvc|pincode|cardnum|cardno|creditcard|securitycode/i

/** As a word of a name alone: `pin` must not hide `shipping`. A number and a plural may follow: `pin2`, `otps`. */
const WORDS =
  /(?:^|[^a-z\d])(?:pin|otp|hotp|totp|mfa|2fa|csc|ssn|iban|jwt|bearer|dsn|(?:card|cc|pin|account)[^a-z\d]?(?:number|num|no)|(?:security|verification|auth|one[^a-z\d]?time|sms|pin|recovery|backup)[^a-z\d]?codes?)s?\d*(?![a-z\d])/

/** What is as good as a password in a request, though it is none in a setting: `code` is OAuth's. */
const IN_REQUESTS = /cookie|session|sessid|csrf|xsrf|^code$|(?:^|[^a-z\d])sid(?![a-z\d])/

/** `userPIN`, `PinCode` and `user[pin]` alike: lower case, with something between the words. */
const spacedOut = (name: string): string =>
  name.replace(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toLowerCase()

/** Whether a name has a word for a secret that Django does not look for: `pwd`, `pin`, `otp`, `cvv`, … */
export const hasSecretWord = (name: string): boolean => UNIQUE.test(name) || WORDS.test(spacedOut(name))

/** Whether a setting, or a credential, of this name is a secret. */
export const isSecretName = (name: string): boolean => PARTS.test(name) || hasSecretWord(name)

/** Whether a field, header or cookie of this name is a secret. */
export const isSecretField = (name: string): boolean => isSecretName(name) || IN_REQUESTS.test(spacedOut(name))
