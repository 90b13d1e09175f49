/** Hides secrets in settings that are about to be shown. */
import { schema } from '#core/conf'
import { hasSecretWord, MASK, maskUrlPasswords } from '#core/utils'

/**
 * Names that hold secrets, in settings of the project's own and inside DATABASES, CACHES and the like. Fewer than on
 * debug pages: this command has to show KEY_PREFIX and AUTH_USER_MODEL.
 */
const SECRET_PART = /API|TOKEN|KEY$|SECRET|PASS|SIGNATURE|CREDENTIAL|PRIVATE/i

const isSecret = (name: string): boolean => SECRET_PART.test(name) || hasSecretWord(name)

/** What ends user and password in a URL of a setting, where a password may hold `?` and `#`. */
const END_OF_USER = /[\s/]/g

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** The value with everything inside it hidden that has the name, or the look, of a secret. */
function maskedInside(value: unknown): unknown {
  if (typeof value === 'string') return maskUrlPasswords(value, MASK, END_OF_USER)
  if (Array.isArray(value)) return value.map(maskedInside)
  if (!isPlain(value)) return value
  const entries = Object.entries(value).map(([name, entry]) => [
    name,
    isSecret(name) && !isEmpty(entry) ? MASK : maskedInside(entry),
  ])
  return Object.fromEntries(entries) as Record<string, unknown>
}

/** The value of a setting as it may be shown. */
export function masked(name: string, value: unknown): unknown {
  const known = Object.hasOwn(schema, name)
  const secret = known ? 'secret' in schema[name as keyof typeof schema] : isSecret(name)
  if (secret && !isPlain(value) && !isEmpty(value)) return MASK
  return maskedInside(value)
}
