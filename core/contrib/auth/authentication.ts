/** `authenticate`, permission checks through AUTHENTICATION_BACKENDS, the user model, and the login signals. */
import { apps } from '#core/apps'
import {
  type InstanceRequirement,
  loadedFromSettings,
  loadInstance,
  loadNamed,
  type Requirement,
  settings,
} from '#core/conf'
import { ImproperlyConfigured, PermissionDenied } from '#core/exceptions'
import { canonicalName, isSecretName, joinWithAnd, MASK } from '#core/utils'
import type { AuthBackend, AuthUser, Credentials, UserClass, UserLike } from './types.ts'
import type { HttpRequest } from '#core/http'
import { throttleLogin } from './throttle.ts'

// The classes that AUTHENTICATION_BACKENDS and AUTH_USER_MODEL name.

const BACKEND: InstanceRequirement<AuthBackend> = {
  expected: 'a class with a method getUser()',
  accepts: ({ getUser }) => typeof getUser === 'function',
}

const backends = loadedFromSettings('AUTHENTICATION_BACKENDS', async () => {
  const loaded = new Map<string, AuthBackend>()
  for (const [i, name] of settings.AUTHENTICATION_BACKENDS.entries()) {
    loaded.set(canonicalName(name), await loadInstance(`AUTHENTICATION_BACKENDS[${i}]`, name, BACKEND))
  }
  if (loaded.size > 0) return loaded
  throw new ImproperlyConfigured(
    "AUTHENTICATION_BACKENDS is empty, so that nobody could log in. Usual is ['core.contrib.auth.backends.ModelBackend'].",
  )
})

/** The backends by canonical name, in the order of the setting. */
export const getBackends = (): ReadonlyMap<string, AuthBackend> => backends()

/** `auth.User` is the class User in the models of the app with the label `auth`; a longer name is a dotted name. */
function dottedName(name: string): string {
  const [label, model, ...more] = name.split('.')
  if (label === undefined || model === undefined || more.length > 0) return name
  const config = apps.getAppConfigs().find((each) => each.label === label)
  // Code that only checks passwords can use the framework's User without installing the app.
  if (config === undefined) return name === 'auth.User' ? 'core.contrib.auth.models.User' : name
  return `${config.name}.models.${model}`
}

const METHODS = ['findByNaturalKey', 'findById', 'createUser', 'createSuperuser'] as const

const missingMethods = (value: unknown): string[] => {
  const objects = typeof value === 'function' ? (value as Partial<UserClass>).objects : undefined
  return METHODS.filter((method) => typeof objects?.[method] !== 'function')
}

const USER: Requirement<UserClass> = {
  expected: 'a class of users, such as one that extends User of #core/contrib/auth',
  accepts: (value): value is UserClass => missingMethods(value).length === 0,
  lack: (value) => `without ${joinWithAnd(missingMethods(value).map((method) => `objects.${method}()`))}`,
}

const userClass = loadedFromSettings('AUTH_USER_MODEL', () =>
  loadNamed('AUTH_USER_MODEL', dottedName(settings.AUTH_USER_MODEL), USER),
)

/** The user class that AUTH_USER_MODEL names. */
export const getUserModel = (): UserClass => userClass()

// The signals userLoggedIn, userLoggedOut and userLoginFailed.

class AuthSignal<Event> {
  readonly #receivers = new Set<(event: Event) => Promise<void> | void>()

  /** Adds a receiver. Adding the same one again has no effect. */
  connect(receiver: (event: Event) => Promise<void> | void): void {
    this.#receivers.add(receiver)
  }

  disconnect(receiver: (event: Event) => Promise<void> | void): void {
    this.#receivers.delete(receiver)
  }

  async send(event: Event): Promise<void> {
    for (const receiver of this.#receivers) await receiver(event)
  }
}

/** Sent after a login. */
export const userLoggedIn = new AuthSignal<{ readonly request: HttpRequest; readonly user: AuthUser }>()

/** Sent at a logout, before the session is flushed. `user` is null if no user was logged in. */
export const userLoggedOut = new AuthSignal<{ readonly request: HttpRequest; readonly user: AuthUser | null }>()

/** Sent when no backend accepted the credentials. Secret values in `credentials` are masked. */
export const userLoginFailed = new AuthSignal<{
  readonly request: HttpRequest | null
  readonly credentials: Credentials
}>()

const withoutSecrets = (credentials: Credentials): Credentials =>
  Object.fromEntries(Object.entries(credentials).map(([name, value]) => [name, isSecretName(name) ? MASK : value]))

async function findUser(request: HttpRequest | null, credentials: Credentials): Promise<AuthUser | null> {
  for (const [name, backend] of getBackends()) {
    try {
      const user = await backend.authenticate?.(request, credentials)
      if (user === undefined || user === null) continue
      user.backend = name
      return user
    } catch (error) {
      if (!(error instanceof PermissionDenied)) throw error
      break
    }
  }
  return null
}

/** The username or email address in the credentials. */
function nameIn(credentials: Credentials): string | undefined {
  const names = [credentials.username, credentials[getUserModel().usernameField], credentials.email]
  return names.find((name) => typeof name === 'string')
}

/**
 * Returns the user with these credentials, or null: `await authenticate(request, { username, password })`. Does not log
 * the user in. With a request, failures are counted and limited by LOGIN_THROTTLE.
 * @param request null outside a request
 * @throws TooManyLoginAttempts after too many failures, even if these credentials are correct
 */
export async function authenticate(request: HttpRequest | null, credentials: Credentials): Promise<AuthUser | null> {
  const find = (): Promise<AuthUser | null> => findUser(request, credentials)
  const user = request === null ? await find() : await throttleLogin(request, nameIn(credentials), find)
  if (user === null) await userLoginFailed.send({ request, credentials: withoutSecrets(credentials) })
  return user
}

// Permission checks, which ask the backends.

/** Whether any backend returns true before one throws PermissionDenied. */
async function anyBackend(ask: (backend: AuthBackend) => Promise<boolean> | undefined): Promise<boolean> {
  for (const backend of getBackends().values()) {
    try {
      if ((await ask(backend)) === true) return true
    } catch (error) {
      if (error instanceof PermissionDenied) return false
      throw error
    }
  }
  return false
}

const hasAllPermissions = ({ isActive, isSuperuser }: UserLike): boolean => isActive && isSuperuser

/** @param permission `app_label.codename` */
export async function hasPerm(user: UserLike, permission: string, object?: unknown): Promise<boolean> {
  return hasAllPermissions(user) || anyBackend((backend) => backend.hasPerm?.(user, permission, object))
}

export async function hasModulePerms(user: UserLike, appLabel: string): Promise<boolean> {
  return hasAllPermissions(user) || anyBackend((backend) => backend.hasModulePerms?.(user, appLabel))
}

/** Whether a user has all of the given permissions. */
export async function hasPerms(user: UserLike, permissions: readonly string[], object?: unknown): Promise<boolean> {
  if (typeof permissions === 'string') throw new TypeError('hasPerms() takes a list of permissions, not one.')
  for (const permission of permissions) if (!(await hasPerm(user, permission, object))) return false
  return true
}

export async function getAllPermissions(user: UserLike, object?: unknown): Promise<Set<string>> {
  const all = new Set<string>()
  for (const backend of getBackends().values()) {
    for (const permission of (await backend.getAllPermissions?.(user, object)) ?? []) all.add(permission)
  }
  return all
}
