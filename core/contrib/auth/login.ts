/** Login and logout: how a session stores its user. */
import { ImproperlyConfigured } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { rotateToken } from '#core/middleware'
import { constantTimeEqual } from '#core/signing'
import { canonicalName, clock } from '#core/utils'
import { devices } from '#core/contrib/session_devices'
import { peekSession, type Session, SessionNotLoaded } from '#core/contrib/sessions'
import type { AuthUser } from './types.ts'
import { AnonymousUser, type User } from './models/user.ts'
import { getBackends, userLoggedIn, userLoggedOut } from './authentication.ts'

/** Django's session keys, so that sessions are interchangeable with Django. */
export const USER_ID = '_auth_user_id'
const BACKEND = '_auth_user_backend'
const HASH = '_auth_user_hash'

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
    peek(session, USER_ID)
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
  const before = session.get(USER_ID)
  const isOthers = before !== undefined && (before !== String(user.id) || !isHash(session.get(HASH), hash))
  if (isOthers) await session.flush()
  session.set(USER_ID, String(user.id)).set(BACKEND, storedName(name)).set(HASH, hash)
  rotateToken(request)
  user.backend = canonicalName(name)
  // The content moves to the new key and is saved there immediately.
  if (before === undefined) await session.cycleKey()
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
  const [id, name] = [peek(session, USER_ID), peek(session, BACKEND)]
  if (typeof id !== 'string' || typeof name !== 'string') return null
  const user = await getBackends().get(canonicalName(name))?.getUser(id)
  if (user === undefined || user === null) return null
  user.backend = canonicalName(name)
  if (isHash(peek(session, HASH), user.getSessionAuthHash())) return user
  return (await renew(session, user)) ? user : null
}

/** A session from before a SECRET_KEY rotation continues under a new session key; any other is flushed. */
async function renew(session: Session, user: AuthUser): Promise<boolean> {
  const hash = session.get(HASH)
  if (!user.getSessionAuthFallbackHashes().some((fallback) => isHash(hash, fallback))) {
    await session.flush()
    return false
  }
  session.set(HASH, user.getSessionAuthHash())
  await session.cycleKey()
  return true
}

/** After a password change: this session continues under a new key, and the user's other sessions become invalid. */
export async function updateSessionAuthHash(request: HttpRequest, user: AuthUser): Promise<void> {
  const session = await sessionOf(request)
  if (session.get(USER_ID) === String(user.id)) session.set(HASH, user.getSessionAuthHash())
  await session.cycleKey()
  // The other sessions would end at their next request; this removes them from the device list immediately.
  if (devices.isInstalled) await devices.endOthers(String(user.id), session.sessionKey)
}
