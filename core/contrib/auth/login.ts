/** Login and logout: how a session stores its user. */
import { ImproperlyConfigured } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { rotateToken } from '#core/middleware'
import { constantTimeEqual } from '#core/signing'
import { canonicalName, clock } from '#core/utils'
import { devices } from '#core/contrib/session_devices'
import {
  peekSession,
  rotateKey,
  type Session,
  SessionNotLoaded,
  USER_BACKEND_KEY,
  USER_HASH_KEY,
  USER_ID_KEY,
} from '#core/contrib/sessions'
import type { AuthUser } from './types.ts'
import { AnonymousUser, type User } from './models/user.ts'
import { getBackends, userLoggedIn, userLoggedOut } from './authentication.ts'

/** Reads a key without marking the session as accessed; using `request.user` marks it. */
const peek = (session: Session, key: string): unknown => peekSession(session, key)

/** The loaded session of a request. @throws ImproperlyConfigured without SessionMiddleware */
export async function sessionOf(request: HttpRequest): Promise<Session> {
  const session = request.session as Session | undefined
  if (session === undefined) {
    throw new ImproperlyConfigured(
      'Users are kept in sessions, and this request has none. In MIDDLEWARE, put' +
        " 'core.contrib.sessions.middleware.SessionMiddleware' before 'core.contrib.auth.middleware.AuthenticationMiddleware'.",
    )
  }
  try {
    peek(session, USER_ID_KEY)
  } catch (error) {
    if (!(error instanceof SessionNotLoaded)) throw error
    await session.load()
  }
  return session
}

/** A backend's name as stored in a session: Django's name, so that Django can read the session. */
const storedName = (name: string): string => canonicalName(name).replace(/^core\.contrib\./, 'django.contrib.')

const isHash = (value: unknown, hash: string): boolean => typeof value === 'string' && constantTimeEqual(value, hash)

function backendNameOf(user: AuthUser, backend: string | undefined): string {
  const given = backend ?? user.backend
  if (given !== undefined) return given
  const [only, ...others] = getBackends().keys()
  if (only !== undefined && others.length === 0) return only
  throw new TypeError(
    'You have several AUTHENTICATION_BACKENDS, so login() has to be told which one this user is of: take the user' +
      ' that authenticate() gives, or name the backend: login(request, user, name).',
  )
}

/**
 * Logs a user in. The session key changes, so that the old key gives no access. An anonymous session keeps its content;
 * a session of another user, or from before a password change, is flushed.
 * @param backend dotted name; required if the user does not come from authenticate() and there are several backends
 */
export async function login(request: HttpRequest, user: AuthUser, backend?: string): Promise<void> {
  const session = await sessionOf(request)
  const name = backendNameOf(user, backend)
  const hash = user.getSessionAuthHash()
  const before = session.get(USER_ID_KEY)
  const isOthers = before !== undefined && (before !== String(user.id) || !isHash(session.get(USER_HASH_KEY), hash))
  if (isOthers) await session.flush()
  session.set(USER_ID_KEY, String(user.id)).set(USER_BACKEND_KEY, storedName(name)).set(USER_HASH_KEY, hash)
  rotateToken(request)
  user.backend = canonicalName(name)
  // The content moves to the new key and is saved there immediately.
  if (before === undefined) await rotateKey(session, 'join')
  request.user = user as User
  if ('lastLogin' in user) {
    user.lastLogin = new Date(clock.now())
    await user.save({ updateFields: ['lastLogin'] })
  }
  await userLoggedIn.send({ request, user })
}

/** Flushes the session, whether or not a user is logged in. */
export async function logout(request: HttpRequest): Promise<void> {
  const session = await sessionOf(request)
  // oxlint-disable-next-line typescript/no-unnecessary-condition -- without AuthenticationMiddleware there is none
  const user = request.auser === undefined ? await getUser(request) : await request.auser()
  await userLoggedOut.send({ request, user: user?.isAuthenticated === true ? user : null })
  await session.flush()
  request.user = new AnonymousUser()
}

/** The user of a session, or null. If the user's password has changed, the session is flushed. */
export async function getUser(request: HttpRequest): Promise<AuthUser | null> {
  const session = await sessionOf(request)
  const [id, name] = [peek(session, USER_ID_KEY), peek(session, USER_BACKEND_KEY)]
  if (typeof id !== 'string' || typeof name !== 'string') return null
  const user = await getBackends().get(canonicalName(name))?.getUser(id)
  if (user === undefined || user === null) return null
  user.backend = canonicalName(name)
  if (isHash(peek(session, USER_HASH_KEY), user.getSessionAuthHash())) return user
  return (await renew(session, user)) ? user : null
}

/**
 * A session from before a change of SECRET_KEY gets the new hash, and any other is flushed. The session key stays,
 * because no privilege changes; the requests of a page that are sent together would otherwise rotate it together.
 */
async function renew(session: Session, user: AuthUser): Promise<boolean> {
  const hash = session.get(USER_HASH_KEY)
  if (!user.getSessionAuthFallbackHashes().some((fallback) => isHash(hash, fallback))) {
    await session.flush()
    return false
  }
  session.set(USER_HASH_KEY, user.getSessionAuthHash())
  return true
}

/** After a password change: this session continues under a new key, and the user's other sessions become invalid. */
export async function updateSessionAuthHash(request: HttpRequest, user: AuthUser): Promise<void> {
  const session = await sessionOf(request)
  if (session.get(USER_ID_KEY) === String(user.id)) session.set(USER_HASH_KEY, user.getSessionAuthHash())
  await rotateKey(session, 'replace')
  // The other sessions would end at their next request; this removes them from the device list immediately.
  if (devices.isInstalled) await devices.endOthers(String(user.id), session.sessionKey)
}
