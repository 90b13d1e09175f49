/** Gives each request a session: found by its cookie on the way in, kept on the way out. */
import type { Middleware, Response } from 'koa'
import { settings } from '#core/conf'
import { makePrivate, patchVaryHeaders } from '#core/http'
import { clock } from '#core/utils'
import { metadataSource, openSessionStore } from './store_loader.ts'
import { createSessionProxy } from './session_proxy.ts'
import { SessionBase } from './session.ts'

// The mark of views that do without their session being loaded.

const EXEMPT = 'sessionExempt'

/**
 * Marks a view: its session is not read before it runs. The view may still `await request.session.load()`, and
 * `flush()` costs one trip instead of two.
 */
export function sessionExempt<V extends (...args: never[]) => unknown>(view: V): V {
  return Object.assign(view, { [EXEMPT]: true })
}

const isSessionExempt = (view: unknown): boolean =>
  typeof view === 'function' && (view as { sessionExempt?: unknown }).sessionExempt === true

function sendCookie(session: SessionBase, key: string, response: Response): void {
  const maxAge = session.getExpireAtBrowserClose() ? undefined : session.getExpiryAge()
  response.setCookie(settings.SESSION_COOKIE_NAME, key, {
    maxAge,
    expires: maxAge === undefined ? undefined : clock.now() + maxAge * 1000,
    path: settings.SESSION_COOKIE_PATH,
    domain: settings.SESSION_COOKIE_DOMAIN,
    samesite: settings.SESSION_COOKIE_SAMESITE,
    secure: settings.SESSION_COOKIE_SECURE,
    httponly: settings.SESSION_COOKIE_HTTPONLY,
  })
  // Whoever is handed another's Set-Cookie is logged in as the other: no shared cache may keep this response.
  makePrivate(response)
}

/**
 * Tells the client and the caches what the request did with its session; whether it is to be kept.
 * @param sent the cookie that came with the request
 */
function conclude(session: SessionBase, sent: string | undefined, response: Response): boolean {
  const { accessed, modified } = session
  const empty = session.isEmpty()
  if (empty && sent !== undefined) {
    response.deleteCookie(settings.SESSION_COOKIE_NAME, {
      path: settings.SESSION_COOKIE_PATH,
      domain: settings.SESSION_COOKIE_DOMAIN,
      samesite: settings.SESSION_COOKIE_SAMESITE,
    })
    patchVaryHeaders(response, ['Cookie'])
    return false
  }
  if (accessed) patchVaryHeaders(response, ['Cookie'])
  return !empty && (modified || settings.SESSION_SAVE_EVERY_REQUEST) && response.status < 500
}

/** The middleware as MIDDLEWARE names it. */
export function SessionMiddleware(): Middleware {
  const store = openSessionStore()
  const describe = metadataSource()
  return async function session({ request, response }, next) {
    const sent = request.COOKIES[settings.SESSION_COOKIE_NAME]
    const opened = new SessionBase(store, sent)
    request.session = createSessionProxy(opened)
    if (describe !== undefined) opened.metadata = () => describe(request)
    if (opened.needsFetch && !isSessionExempt(request.resolverMatch?.func)) await opened.fetch()
    await next()
    if (!conclude(opened, sent, response)) return
    if (settings.SESSION_SAVE_EVERY_REQUEST || opened.hasUnsavedChanges) await opened.save()
    // A session that somebody ended meanwhile has no key to send.
    if (opened.sessionKey !== null) sendCookie(opened, opened.sessionKey, response)
  }
}
