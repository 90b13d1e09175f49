/** System checks of this app's settings. */
import { apps } from '#core/apps'
import { type CheckMessage, Error as CheckError, register, Warning } from '#core/checks'
import { settings } from '#core/conf'
import { canonicalName } from '#core/utils'
import { getUserModel } from './registry.ts'

/** auth.E101: the tables of permissions refer to those of the content types. */
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

/** auth.W101, with --deploy: new passwords are hashed by something that a graphics card undoes. */
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

register(checkContentTypes, 'auth')
register(checkUserModel, 'auth')
register(checkPreferredHasher, 'security', { deploy: true })
