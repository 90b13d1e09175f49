/** Gives each request a session: found by its cookie on the way in, kept on the way out. */
import type { Middleware, Request, Response } from 'koa'
import { settings } from '#core/conf'
import { patchCacheControl, patchVaryHeaders } from '#core/http'
import { clock } from '#core/utils'
import { deviceDescription, openSession, openSessionStore } from './engine.ts'
import { isSessionExempt } from './exempt.ts'
import type { Session } from './session.ts'

/** The attributes that the session cookie has when it is set and when it is deleted. */
const place = (): { path: string; domain: string | null; samesite: typeof settings.SESSION_COOKIE_SAMESITE } => ({
  path: settings.SESSION_COOKIE_PATH,
  domain: settings.SESSION_COOKIE_DOMAIN,
  samesite: settings.SESSION_COOKIE_SAMESITE,
})

function sendCookie(session: Session, key: string, response: Response): void {
  const atBrowserClose = session.getExpireAtBrowserClose()
  const maxAge = atBrowserClose ? null : session.getExpiryAge()
  response.setCookie(settings.SESSION_COOKIE_NAME, key, {
    ...place(),
    ...(maxAge !== null && { maxAge, expires: new Date(clock.now() + maxAge * 1000) }),
    secure: settings.SESSION_COOKIE_SECURE,
    httponly: settings.SESSION_COOKIE_HTTPONLY,
  })
  // Whoever is handed another's Set-Cookie is logged in as the other: no shared cache may keep this response.
  patchCacheControl(response, { private: true })
}

/** Saves the session if the request changed it, and tells the client what it has to know. */
async function keep(session: Session, request: Request, response: Response): Promise<void> {
  const { accessed, modified } = session
  const empty = session.isEmpty()
  if (empty && settings.SESSION_COOKIE_NAME in request.COOKIES) {
    response.deleteCookie(settings.SESSION_COOKIE_NAME, place())
    patchVaryHeaders(response, ['Cookie'])
    return
  }
  if (accessed) patchVaryHeaders(response, ['Cookie'])
  const everyRequest = settings.SESSION_SAVE_EVERY_REQUEST
  if (empty || !(modified || everyRequest) || response.status >= 500) return
  if (everyRequest || session.hasUnsavedChanges) await session.save()
  // A session that somebody ended meanwhile has no key to send.
  if (session.sessionKey !== null) sendCookie(session, session.sessionKey, response)
}

/** The middleware as MIDDLEWARE names it. */
export function SessionMiddleware(): Middleware {
  const store = openSessionStore()
  const describe = deviceDescription()
  return async function session({ request, response }, next) {
    const opened = openSession(store, request.COOKIES[settings.SESSION_COOKIE_NAME])
    request.session = opened
    if (describe !== undefined) opened.describeDevice = () => describe(request)
    if (opened.needsFetch && !isSessionExempt(request.resolverMatch?.func)) await opened.fetch()
    await next()
    await keep(opened, request, response)
  }
}
