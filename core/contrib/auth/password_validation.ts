/** The validators of AUTH_PASSWORD_VALIDATORS, `validatePassword`, and the list of common passwords. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import path from 'node:path'
import { type InstanceRequirement, loadedFromSettings, loadInstance, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { isLongerThan, trimOf } from '#core/utils'
import { MAX_PASSWORD_LENGTH } from './types.ts'

// Common passwords, loaded from `common-passwords.txt.gz` on first use.
//
// The file has one password per line, in lower case: the lists of Django 3.2 and Django 5.2 (19,727 and 19,640
// passwords, compiled by Royce Williams from published leaks), and frequent words with common suffixes. Django's
// licence is in `common-passwords.LICENSE.txt`.

const FILE = new URL('./common-passwords.txt.gz', import.meta.url)

/** Reads a list of passwords, one per line, optionally gzipped. */
function passwordsIn(file: string | URL): ReadonlySet<string> {
  const bytes = readFileSync(file)
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString()
  const lines = text.split('\n').map((line) => line.trim())
  return new Set(lines.filter((line) => line !== ''))
}

let commonList: ReadonlySet<string> | undefined

/** The built-in list, in lower case. Loaded once, synchronously, in a few milliseconds. */
export const commonPasswords = (): ReadonlySet<string> => (commonList ??= passwordsIn(FILE))

/** Invalid input. The messages are shown to the user who entered it. */
export class ValidationError extends Error {
  override readonly name: string = 'ValidationError'
  readonly messages: readonly string[]

  constructor(messages: string | readonly string[], options?: ErrorOptions) {
    const list = typeof messages === 'string' ? [messages] : messages
    super(list.join(' '), options)
    this.messages = list
  }
}

/** A validator. AUTH_PASSWORD_VALIDATORS names its class, which is called with OPTIONS, their names in camelCase. */
export interface PasswordValidator {
  /** @throws ValidationError if the password is not accepted */
  validate(password: string, user?: object | null): Promise<void> | void
  /** Describes the rule, for password forms. */
  getHelpText(): string
}

const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, next: string) => next.toUpperCase())

const VALIDATOR: InstanceRequirement<PasswordValidator> = {
  expected: 'a class with a method validate()',
  accepts: ({ validate }) => typeof validate === 'function',
}

function load({ NAME, OPTIONS = {} }: Readonly<Record<string, unknown>>, setting: string): Promise<PasswordValidator> {
  const options = Object.entries(OPTIONS as object).map(([name, value]) => [camelCase(name), value as unknown])
  return loadInstance(`${setting}.NAME`, NAME, VALIDATOR, Object.fromEntries(options))
}

const validators = loadedFromSettings('AUTH_PASSWORD_VALIDATORS', () =>
  Promise.all(settings.AUTH_PASSWORD_VALIDATORS.map((entry, i) => load(entry, `AUTH_PASSWORD_VALIDATORS[${i}]`))),
)

/** @throws ValidationError for a password of more than MAX_PASSWORD_LENGTH code units */
export function refuseLongPassword(password: string): void {
  if (password.length <= MAX_PASSWORD_LENGTH) return
  throw new ValidationError(`This password is too long. It must contain at most ${MAX_PASSWORD_LENGTH} characters.`)
}

/** The validators of the settings. */
export const getPasswordValidators = (): readonly PasswordValidator[] => validators()

/**
 * Validates a password with all validators. A password of more than 4096 characters is rejected first.
 * @param user the user, so that validators can compare the password with the name
 * @throws ValidationError with the messages of all validators
 */
export async function validatePassword(
  password: string,
  user: object | null = null,
  by: readonly PasswordValidator[] = validators(),
): Promise<void> {
  refuseLongPassword(password)
  const messages: string[] = []
  for (const validator of by) {
    try {
      await validator.validate(password, user)
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error
      messages.push(...error.messages)
    }
  }
  if (messages.length > 0) throw new ValidationError(messages)
}

/** The help texts of all validators, for password forms. */
export const passwordHelpTexts = (): string[] => validators().map((validator) => validator.getHelpText())

const characters = (count: number): string => `${count} ${count === 1 ? 'character' : 'characters'}`

export class MinimumLengthValidator implements PasswordValidator {
  readonly #minLength: number

  constructor({ minLength = 8 }: { minLength?: number } = {}) {
    this.#minLength = minLength
  }

  validate(password: string): void {
    if (isLongerThan(password, this.#minLength - 1)) return
    throw new ValidationError(`This password is too short. It must contain at least ${characters(this.#minLength)}.`)
  }

  getHelpText(): string {
    return `Your password must contain at least ${characters(this.#minLength)}.`
  }
}

/** Share of characters that two strings have in common in any order, from 0 to 1, as difflib's `quick_ratio()`. */
function similarity(a: string, b: string): number {
  const left = new Map<string, number>()
  for (const character of b) left.set(character, (left.get(character) ?? 0) + 1)
  let same = 0
  for (const character of a) {
    const count = left.get(character) ?? 0
    if (count > 0) same += 1
    left.set(character, count - 1)
  }
  const total = Array.from(a).length + Array.from(b).length
  return total === 0 ? 1 : (2 * same) / total
}

const DEFAULT_ATTRIBUTES = ['username', 'first_name', 'last_name', 'email']

/** A property name as words: `first name` for `first_name` and `firstName`. */
export const spelledOut = (name: string): string => name.replace(/_|(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()

export class UserAttributeSimilarityValidator implements PasswordValidator {
  readonly #attributes: readonly string[]
  readonly #maxSimilarity: number

  constructor({
    userAttributes = DEFAULT_ATTRIBUTES,
    maxSimilarity = 0.7,
  }: { userAttributes?: readonly string[]; maxSimilarity?: number } = {}) {
    if (maxSimilarity < 0.1) throw new ImproperlyConfigured('max_similarity of a password validator is 0.1 or more.')
    this.#attributes = userAttributes
    this.#maxSimilarity = maxSimilarity
  }

  validate(password: string, user?: object | null): void {
    if (user === null || user === undefined) return
    const lower = password.toLowerCase()
    for (const attribute of this.#attributes) {
      const value = (user as Record<string, unknown>)[camelCase(attribute)]
      if (typeof value !== 'string' || value === '') continue
      // The value may come from a form and be of any length.
      const text = value.slice(0, MAX_PASSWORD_LENGTH).toLowerCase()
      const parts = [...text.split(/[^\p{L}\p{N}_]+/u), text]
      if (!parts.some((part) => this.#isTooClose(lower, part))) continue
      throw new ValidationError(`The password is too similar to the ${spelledOut(attribute)}.`)
    }
  }

  #isTooClose(password: string, part: string): boolean {
    // A password that is much longer than a part cannot be similar to it.
    if (password.length >= 10 * part.length && part.length < (this.#maxSimilarity / 2) * password.length) return false
    return similarity(password, part) >= this.#maxSimilarity
  }

  getHelpText(): string {
    return "Your password can't be too similar to your other personal information."
  }
}

/** What Python's `str.strip()` removes, and the byte order mark. */
const SPACES =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a' +
  '\u2028\u2029\u202f\u205f\u3000\ufeff'

export class CommonPasswordValidator implements PasswordValidator {
  readonly #passwords: () => ReadonlySet<string>

  /** @param options.passwordListPath a custom list, one password per line, in lower case, optionally gzipped */
  constructor({ passwordListPath }: { passwordListPath?: string } = {}) {
    const own = passwordListPath === undefined ? undefined : passwordsIn(path.resolve(projectRoot(), passwordListPath))
    this.#passwords = () => own ?? commonPasswords()
  }

  validate(password: string): void {
    const stripped = trimOf(password.toLowerCase(), SPACES)
    if (this.#passwords().has(stripped)) throw new ValidationError('This password is too common.')
  }

  getHelpText(): string {
    return "Your password can't be a commonly used password."
  }
}

export class NumericPasswordValidator implements PasswordValidator {
  validate(password: string): void {
    if (/^\p{Nd}+$/u.test(password)) throw new ValidationError('This password is entirely numeric.')
  }

  getHelpText(): string {
    return "Your password can't be entirely numeric."
  }
}
