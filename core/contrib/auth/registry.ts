/** The classes that the settings name: backends of AUTHENTICATION_BACKENDS, and the user of AUTH_USER_MODEL. */
import { apps } from '#core/apps'
import { loadedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { canonicalName, importName, type NamedBy, formatValue } from '#core/utils'
import type { AuthBackend, AuthBackendClass, UserClass } from './contract.ts'

async function loadBackend(name: string, by: NamedBy): Promise<AuthBackend> {
  const found = await importName(name, by)
  const backend = typeof found === 'function' ? new (found as AuthBackendClass)() : undefined
  if (typeof backend?.getUser === 'function') return backend
  throw new ImproperlyConfigured(
    `${by.setting} names '${name}', which should be a class with a method getUser(), found ${formatValue(found)}.`,
  )
}

const backends = loadedFromSettings(['AUTHENTICATION_BACKENDS'], async () => {
  const loaded = new Map<string, AuthBackend>()
  for (const [i, name] of settings.AUTHENTICATION_BACKENDS.entries()) {
    const by = { setting: `AUTHENTICATION_BACKENDS[${i}]`, root: projectRoot() }
    loaded.set(canonicalName(name), await loadBackend(name, by))
  }
  if (loaded.size > 0) return loaded
  throw new ImproperlyConfigured(
    "AUTHENTICATION_BACKENDS is empty, so that nobody could log in. Usual is ['core.contrib.auth.backends.ModelBackend'].",
  )
})

/** The backends by their canonical names, in the order of the setting. */
export const getBackends = (): ReadonlyMap<string, AuthBackend> => backends()

/** `auth.User` is the class User in the models of the app with the label `auth`; a longer name is a dotted name. */
function dottedName(name: string): string {
  const [label, model, ...more] = name.split('.')
  if (label === undefined || model === undefined || more.length > 0) return name
  const config = apps.getAppConfigs().find((each) => each.label === label)
  // The framework's own users can be had without the app, by code that only checks passwords.
  if (config === undefined) return name === 'auth.User' ? 'core.contrib.auth.models.User' : name
  return `${config.name}.models.${model}`
}

const METHODS = ['findByNaturalKey', 'findById', 'createUser', 'createSuperuser'] as const

const userClass = loadedFromSettings(['AUTH_USER_MODEL', 'INSTALLED_APPS'], async () => {
  const name = settings.AUTH_USER_MODEL
  const found = await importName(dottedName(name), { setting: 'AUTH_USER_MODEL', root: projectRoot() })
  const objects = typeof found === 'function' ? (found as Partial<UserClass>).objects : undefined
  const absent = METHODS.find((method) => typeof objects?.[method] !== 'function')
  if (absent === undefined) return found as UserClass
  throw new ImproperlyConfigured(
    `AUTH_USER_MODEL names '${name}', which should be a class of users, such as one that extends User of` +
      ` #core/contrib/auth, but it has no objects.${absent}().`,
  )
})

/** The class of this project's users. */
export const getUserModel = (): UserClass => userClass()
