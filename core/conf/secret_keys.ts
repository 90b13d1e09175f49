/** Keys that are not secret: those that are published, and those that can be guessed. */
import { ImproperlyConfigured } from '../exceptions.ts'
import { isOverridden, projectSettings, settings } from './settings.ts'

/** Below 22 characters, a key cannot hold 128 random bits even in base64. */
const SHORTEST = 22

/** Django's least number of different characters (security.W009). */
export const LEAST_VARIETY = 5

/** A command that prints a new key. */
export const NEW_KEY = `node -e "console.log(require('node:crypto').randomBytes(50).toString('base64url'))"`

/**
 * Strings that mark a key as a placeholder, compared by letters only: `django-insecure-…`, which this `startproject` and
 * Django's write, and the placeholders of documentation. A random key does not contain one of them by chance.
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

/** Why a key is not secret, without repeating the key; undefined for one that may be used outside DEBUG. */
function problemWithKey(key: string): string | undefined {
  const visible = key.trim()
  if (visible === '') return 'is empty or has only white space'
  const letters = visible.toLowerCase().replace(/[^a-z]/g, '')
  if (MARKS.some((mark) => letters.includes(mark))) {
    return 'is publicly known: it is marked as insecure, or is a placeholder of the documentation'
  }
  if (visible.length < SHORTEST) return `can be guessed: it has fewer than ${SHORTEST} characters`
  if (new Set(visible).size < LEAST_VARIETY)
    return `can be guessed: it has fewer than ${LEAST_VARIETY} different characters`
  return undefined
}

export interface SecretKeyProblem {
  /** The setting, or its entry. */
  readonly where: string
  /** What is wrong, as a sentence without the key. */
  readonly message: string
  readonly remedy: string
}

/**
 * Whether the keys of a setting are in use outside DEBUG. A test that turns DEBUG off keeps the key of a project in
 * development, and clients cannot reach it.
 */
const counts = (name: 'SECRET_KEY' | 'SECRET_KEY_FALLBACKS'): boolean =>
  !settings.DEBUG && (isOverridden(name) || !projectSettings().DEBUG)

/** The keys of the settings in force with which a server must not run; none under DEBUG. */
export function secretKeyProblems(): SecretKeyProblem[] {
  const ofKey = counts('SECRET_KEY') ? problemWithKey(settings.SECRET_KEY) : undefined
  const ofFallbacks = counts('SECRET_KEY_FALLBACKS') ? settings.SECRET_KEY_FALLBACKS : []
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

/** @throws ImproperlyConfigured with a line for each key with which a server must not run */
export function requireSecretKeys(): void {
  const problems = secretKeyProblems()
  if (problems.length === 0) return
  throw new ImproperlyConfigured(problems.map(({ message, remedy }) => `${message} ${remedy}`).join('\n'))
}
