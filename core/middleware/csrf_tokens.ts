/** CSRF secrets and masked tokens in Django's format, and the CSRF state of a request. */
import { constantTimeEqual } from '#core/signing'
import { LETTERS_AND_DIGITS, randomString } from '#core/utils'
import { settings } from '#core/conf'
import { ImproperlyConfigured, SessionNotLoaded } from '#core/exceptions'
import { type AnyResponse, extendRequest, type HttpRequest, patchVaryHeaders } from '#core/http'

export const SECRET_LENGTH = 32
const TOKEN_LENGTH = 2 * SECRET_LENGTH

const SIZE = LETTERS_AND_DIGITS.length
const INDEXES: ReadonlyMap<string, number> = new Map(Array.from(LETTERS_AND_DIGITS, (character, i) => [character, i]))

const indexOf = (character: string | undefined): number => INDEXES.get(character ?? '') ?? 0

export const newSecret = (): string => randomString(SECRET_LENGTH)

/**
 * A token for a page: the mask, then the secret shifted by the mask.
 * A new mask each time keeps the size of compressed pages from revealing the secret (BREACH).
 */
export function maskSecret(secret: string, mask: string = newSecret()): string {
  const cipher = Array.from(
    secret,
    (character, i) => LETTERS_AND_DIGITS[(indexOf(character) + indexOf(mask[i])) % SIZE],
  )
  return mask + cipher.join('')
}

/** The secret of a masked token. */
export function unmaskToken(token: string): string {
  const mask = token.slice(0, SECRET_LENGTH)
  const secret = Array.from(
    token.slice(SECRET_LENGTH),
    (character, i) => LETTERS_AND_DIGITS[(SIZE + indexOf(character) - indexOf(mask[i])) % SIZE],
  )
  return secret.join('')
}

/** The format error of a received secret or token, as Django's message; undefined if there is none. */
export function formatProblem(token: string): string | undefined {
  if (token.length !== SECRET_LENGTH && token.length !== TOKEN_LENGTH) return 'has incorrect length'
  return /[^a-zA-Z0-9]/.test(token) ? 'has invalid characters' : undefined
}

/** The secret of a valid token, masked (Django up to 4.0, and every page) or unmasked. */
export const secretOf = (token: string): string => (token.length === TOKEN_LENGTH ? unmaskToken(token) : token)

/** Whether a received token matches the secret. Constant-time. */
export const tokenMatches = (token: string, secret: string): boolean => constantTimeEqual(secretOf(token), secret)

// The CSRF secret of a request: read from the cookie or session, and sent if a token was used.

declare module 'koa' {
  interface BaseRequest {
    /** A token for a form, with a new mask for each call. CsrfViewMiddleware adds it. */
    csrfToken(): string
  }
}

/** Django's session key for the secret. */
const SESSION_KEY = '_csrftoken'

/** The part of a session that is needed here. The sessions app is in a higher layer and must not be imported. */
interface SessionLike {
  get(key: string): unknown
  set(key: string, value: unknown): unknown
  load(): Promise<unknown>
}

export interface CsrfState {
  /** The current secret, once it is known. */
  secret?: string | undefined
  /** Whether the secret must be sent to the client. */
  needsUpdate: boolean
  /** Whether the request has passed the check or needs none. */
  isChecked: boolean
}

const STATE = Symbol('nuages.csrf')

export function csrfStateOf(request: HttpRequest): CsrfState {
  const holder = request as HttpRequest & { [STATE]?: CsrfState }
  return (holder[STATE] ??= { needsUpdate: false, isChecked: false })
}

function sessionOf(request: HttpRequest): SessionLike {
  const { session } = request as { session?: SessionLike }
  if (session !== undefined) return session
  throw new ImproperlyConfigured(
    'CSRF_USE_SESSIONS is enabled, but request.session is not set.' +
      " 'core.contrib.sessions.middleware.SessionMiddleware' must appear before" +
      " 'core.middleware.csrf.CsrfViewMiddleware' in MIDDLEWARE.",
  )
}

/** Loads the session if it is not loaded, because the view is marked `sessionExempt`. */
export async function loadSessionForCsrf(request: HttpRequest): Promise<void> {
  if (!settings.CSRF_USE_SESSIONS) return
  const session = sessionOf(request)
  try {
    session.get(SESSION_KEY)
  } catch (error) {
    if (!(error instanceof SessionNotLoaded)) throw error
    await session.load()
  }
}

/** The secret from the cookie or session, or its format error; neither if there is none. */
export function sentSecret(request: HttpRequest): { readonly secret?: string; readonly problem?: string } {
  const kept = settings.CSRF_USE_SESSIONS
    ? sessionOf(request).get(SESSION_KEY)
    : request.COOKIES[settings.CSRF_COOKIE_NAME]
  if (typeof kept !== 'string') return {}
  const problem = formatProblem(kept)
  if (problem === undefined) return { secret: secretOf(kept) }
  // A client cannot fix a malformed secret in the session, so it counts as absent.
  return settings.CSRF_USE_SESSIONS ? {} : { problem }
}

/** Creates a new secret, which is sent to the client. */
function renew(state: CsrfState): string {
  state.needsUpdate = true
  return (state.secret = newSecret())
}

const attributes: ThisType<HttpRequest> & { csrfToken: () => string } = {
  csrfToken(): string {
    return getToken(this)
  },
}

/** Prepares a request for `getToken`. A malformed cookie is replaced even if no token is used. */
export function beginCsrf(request: HttpRequest): void {
  const state = csrfStateOf(request)
  extendRequest(request, 'csrfToken', attributes)
  // The session is not read until a token is needed, so that it does not count as accessed.
  if (state.secret !== undefined || settings.CSRF_USE_SESSIONS) return
  const { secret, problem } = sentSecret(request)
  if (problem !== undefined) renew(state)
  else if (secret !== undefined) state.secret = secret
}

/**
 * A token for a form of this request, with a new mask for each call. The secret is sent even to a client that has it,
 * which restarts the age of the cookie.
 */
export function getToken(request: HttpRequest): string {
  const state = csrfStateOf(request)
  const secret = (state.secret ??= sentSecret(request).secret)
  if (secret === undefined) return maskSecret(renew(state))
  state.needsUpdate = true
  return maskSecret(secret)
}

/** Changes the secret, which invalidates earlier tokens. Called at login. */
export function rotateToken(request: HttpRequest): void {
  renew(csrfStateOf(request))
}

/** Whether a session's value is this secret, masked (Django before 4.1) or unmasked. */
const holdsSecret = (kept: unknown, secret: string): boolean =>
  typeof kept === 'string' && formatProblem(kept) === undefined && secretOf(kept) === secret

/** Stores the secret in the cookie or the session if it was used or changed. */
export function sendSecret(request: HttpRequest, response: AnyResponse): void {
  const state = csrfStateOf(request)
  if (!state.needsUpdate || state.secret === undefined) return
  state.needsUpdate = false
  if (settings.CSRF_USE_SESSIONS) {
    const session = sessionOf(request)
    if (!holdsSecret(session.get(SESSION_KEY), state.secret)) session.set(SESSION_KEY, state.secret)
    return
  }
  response.setCookie(settings.CSRF_COOKIE_NAME, state.secret, {
    maxAge: settings.CSRF_COOKIE_AGE,
    domain: settings.CSRF_COOKIE_DOMAIN,
    path: settings.CSRF_COOKIE_PATH,
    secure: settings.CSRF_COOKIE_SECURE,
    httponly: settings.CSRF_COOKIE_HTTPONLY,
    samesite: settings.CSRF_COOKIE_SAMESITE,
  })
  patchVaryHeaders(response, ['Cookie'])
}
