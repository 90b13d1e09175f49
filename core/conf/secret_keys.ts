/** Finds values of SECRET_KEY that are not secret, because they are published or can be guessed. */
import { ImproperlyConfigured } from '../exceptions.ts'
import { isOverridden, projectSettings, settings } from './settings.ts'

/** A shorter key cannot hold 128 random bits, not even in base64. */
const MIN_LENGTH = 22

/** Minimum number of different characters, as in Django (security.W009). */
export const LEAST_VARIETY = 5

/** A shell command that prints a new key. */
export const NEW_KEY = `node -e "console.log(require('node:crypto').randomBytes(50).toString('base64url'))"`

/**
 * Strings that mark a key as a placeholder, compared by letters only: `django-insecure-…`, which `startproject` writes here
 * and in Django, and placeholders of documentation. They are too long to be part of a random key by chance.
 */
const MARKS = [
  'insecure',
  'randomcharactershere',
  'changeme',
  'changethis',
  'replaceme',
  'yoursecretkey',
  'secretkeyhere',
  'placeholder',
]

/** Why a key is not secret, as a phrase without the key; undefined for a key that may be used outside DEBUG. */
function problemWithKey(key: string): string | undefined {
  const visible = key.trim()
  if (visible === '') return 'is empty or has only whitespace'
  const letters = visible.toLowerCase().replace(/[^a-z]/g, '')
  if (MARKS.some((mark) => letters.includes(mark))) {
    return 'is publicly known: it is marked as insecure, or is a placeholder of the documentation'
  }
  if (visible.length < MIN_LENGTH) return `can be guessed: it has fewer than ${MIN_LENGTH} characters`
  if (new Set(visible).size < LEAST_VARIETY)
    return `can be guessed: it has fewer than ${LEAST_VARIETY} different characters`
  return undefined
}

export interface SecretKeyProblem {
  /** The setting, or an entry of it: `SECRET_KEY_FALLBACKS[0]`. */
  readonly where: string
  /** What is wrong, as a sentence without the key. */
  readonly message: string
  readonly remedy: string
}

/**
 * Whether the keys of a setting are used outside DEBUG. A test may turn DEBUG off and keep the key that the project has for
 * development: no client can reach it.
 */
const isUsedInProduction = (name: 'SECRET_KEY' | 'SECRET_KEY_FALLBACKS'): boolean =>
  !settings.DEBUG && (isOverridden(name) || !projectSettings().DEBUG)

/** The keys in the settings with which a server must not run. None under DEBUG. */
export function secretKeyProblems(): SecretKeyProblem[] {
  const ofKey = isUsedInProduction('SECRET_KEY') ? problemWithKey(settings.SECRET_KEY) : undefined
  const ofFallbacks = isUsedInProduction('SECRET_KEY_FALLBACKS') ? settings.SECRET_KEY_FALLBACKS : []
  const because = 'Outside DEBUG the server does not start with it: sessions, cookies and links could be forged.'
  return [
    ...(ofKey === undefined
      ? []
      : [
          {
            where: 'SECRET_KEY',
            message: `SECRET_KEY ${ofKey}. ${because}`,
            remedy: `Set NUAGES_SECRET_KEY in the environment, to what this prints: ${NEW_KEY}`,
          },
        ]),
    ...ofFallbacks.flatMap((key, i) => {
      const problem = problemWithKey(key)
      const where = `SECRET_KEY_FALLBACKS[${i}]`
      const remedy = `Take ${where} out: what it has signed is then no longer accepted.`
      return problem === undefined ? [] : [{ where, message: `${where} ${problem}. ${because}`, remedy }]
    }),
  ]
}

/** @throws ImproperlyConfigured with a line for each of `secretKeyProblems` */
export function requireSecretKeys(): void {
  const problems = secretKeyProblems()
  if (problems.length === 0) return
  throw new ImproperlyConfigured(problems.map(({ message, remedy }) => `${message} ${remedy}`).join('\n'))
}
