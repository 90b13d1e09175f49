/** System checks of this app's settings. */
import { apps } from '#core/apps'
import { type CheckMessage, Error as CheckError, register, Warning } from '#core/checks'
import { settings } from '#core/conf'
import { canonicalName, joinWithAnd } from '#core/utils'
import { getUserModel } from './authentication.ts'
import { loginThrottle } from './throttle.ts'

/** auth.E101: the permission table has a foreign key to the content types. */
export function checkContentTypes(): CheckMessage[] {
  if (!apps.isInstalled('core.contrib.auth') || apps.isInstalled('core.contrib.contenttypes')) return []
  return [
    new CheckError("'core.contrib.auth' needs the app 'core.contrib.contenttypes', which is not installed.", {
      id: 'auth.E101',
      obj: 'INSTALLED_APPS',
      hint: "Add 'core.contrib.contenttypes' to INSTALLED_APPS.",
    }),
  ]
}

/** auth.E001, E002: the fields that createsuperuser asks for. */
export function checkUserModel(): CheckMessage[] {
  const { name, usernameField, requiredFields } = getUserModel()
  if (!Array.isArray(requiredFields)) {
    return [new CheckError('The requiredFields of the user class must be a list.', { id: 'auth.E001', obj: name })]
  }
  if (!requiredFields.includes(usernameField)) return []
  return [
    new CheckError('The usernameField of the user class must not be among its requiredFields.', {
      id: 'auth.E002',
      obj: name,
      hint: `It is asked for anyway: take '${usernameField}' out of requiredFields.`,
    }),
  ]
}

const WEAK = ['MD5PasswordHasher', 'UnsaltedMD5PasswordHasher', 'SHA1PasswordHasher', 'UnsaltedSHA1PasswordHasher']

/** auth.W101, with --deploy: new passwords are hashed by an algorithm that GPUs can brute-force. */
export function checkPreferredHasher(): CheckMessage[] {
  const preferred = canonicalName(settings.PASSWORD_HASHERS[0] ?? '')
  if (!WEAK.some((name) => preferred === `core.contrib.auth.hashers.${name}`)) return []
  return [
    new Warning(`New passwords are hashed by '${preferred}', which is undone quickly.`, {
      id: 'auth.W101',
      obj: 'PASSWORD_HASHERS',
      hint: "Put 'core.contrib.auth.hashers.PBKDF2PasswordHasher' first.",
    }),
  ]
}

/** auth.E003: LOGIN_THROTTLE names a cache that does not exist. caches.E001 covers 'default'. */
export function checkThrottleCache(): CheckMessage[] {
  const alias = loginThrottle()?.CACHE ?? 'default'
  if (alias === 'default' || Object.hasOwn(settings.CACHES, alias)) return []
  return [
    new CheckError(`LOGIN_THROTTLE counts in the cache '${alias}', which CACHES does not have.`, {
      id: 'auth.E003',
      obj: 'LOGIN_THROTTLE',
      hint: `CACHES has: ${joinWithAnd(Object.keys(settings.CACHES))}.`,
    }),
  ]
}

const DUMMY = 'core.cache.backends.dummy.DummyCache'

/** auth.W102, with --deploy: the cache of LOGIN_THROTTLE is a dummy, which stores nothing. */
export function checkThrottleCounts(): CheckMessage[] {
  const alias = loginThrottle()?.CACHE ?? ''
  const entry = Object.hasOwn(settings.CACHES, alias) ? settings.CACHES[alias] : undefined
  if (canonicalName(entry?.BACKEND ?? '') !== DUMMY) return []
  return [
    new Warning(`Failed logins are not limited: the cache '${alias}' of LOGIN_THROTTLE keeps nothing.`, {
      id: 'auth.W102',
      obj: 'LOGIN_THROTTLE',
      hint: 'Name another cache in LOGIN_THROTTLE.CACHE, or set LOGIN_THROTTLE to null if a proxy limits logins.',
    }),
  ]
}

register(checkContentTypes, 'auth')
register(checkUserModel, 'auth')
register(checkThrottleCache, 'auth')
register(checkThrottleCounts, 'security', { deploy: true })
register(checkPreferredHasher, 'security', { deploy: true })
