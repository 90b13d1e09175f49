/** Logging in and out: what a session says of the user whose it is. */
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

/** Django's keys, so that its sessions and ours are the same. */
export const USER_ID = '_auth_user_id'
const BACKEND = '_auth_user_backend'
const HASH = '_auth_user_hash'

/** What a session says of its user; `request.user` counts as the look into it. */
const look = (session: Session, key: string): unknown => peekSession(session, key)

/** The session of a request, read. */
export async function sessionOf(request: HttpRequest): Promise<Session> {
  const session = request.session as Session | undefined
  if (session === undefined) {
    throw new ImproperlyConfigured(
      'Users are kept in sessions, and this request has none. In MIDDLEWARE, put' +
        " 'core.contrib.sessions.middleware.SessionMiddleware' before 'core.contrib.auth.middleware.AuthenticationMiddleware'.",
    )
  }
  try {
    look(session, USER_ID)
  } catch (error) {
    if (!(error instanceof SessionNotLoaded)) throw error
    await session.load()
  }
  return session
}

/** A backend's name as it is stored in a session: Django's name, so that a Django site reads it. */
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
 * Logs a user in: the session becomes the user's. Its key changes, so that the old key gives no access. What a visitor had
 * put into it before logging in stays, unless it was another user's.
 * @param backend dotted name, where the user does not come from authenticate()
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

/** Ends the session and removes its content, whether or not a user is logged in. */
export async function logout(request: HttpRequest): Promise<void> {
  const session = await sessionOf(request)
  // oxlint-disable-next-line typescript/no-unnecessary-condition -- without AuthenticationMiddleware there is none
  const user = request.auser === undefined ? await getUser(request) : await request.auser()
  await userLoggedOut.send({ request, user: user?.isAuthenticated === true ? user : null })
  await session.flush()
  request.user = new AnonymousUser()
}

/** The user of a session; null if no user is logged in, or no longer: then the session ends. */
export async function getUser(request: HttpRequest): Promise<AuthUser | null> {
  const session = await sessionOf(request)
  const [id, name] = [look(session, USER_ID), look(session, BACKEND)]
  if (typeof id !== 'string' || typeof name !== 'string') return null
  const user = await getBackends().get(canonicalName(name))?.getUser(id)
  if (user === undefined || user === null) return null
  user.backend = canonicalName(name)
  if (isHash(look(session, HASH), user.getSessionAuthHash())) return user
  return (await renew(session, user)) ? user : null
}

/** A session from before SECRET_KEY was changed goes on under a new key; any other is over. */
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

/** After a change of the password: this session goes on, under a new key; the user's other sessions are over. */
export async function updateSessionAuthHash(request: HttpRequest, user: AuthUser): Promise<void> {
  const session = await sessionOf(request)
  if (session.get(USER_ID) === String(user.id)) session.set(HASH, user.getSessionAuthHash())
  await session.cycleKey()
  // They would end by themselves at their next request; the list of devices need not wait for it.
  if (devices.isInstalled) await devices.endOthers(String(user.id), session.sessionKey)
}
