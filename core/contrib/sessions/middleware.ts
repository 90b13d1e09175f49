/** SessionMiddleware: opens the session of the request's cookie, and acts on it once when the response is there. */
import { Readable } from 'node:stream'
import type { Middleware, Response } from 'koa'
import { settings } from '#core/conf'
import { errorStatus, makePrivate, patchVaryHeaders } from '#core/http'
import { clock } from '#core/utils'
import { SessionBase } from './session.ts'
import { createSessionProxy } from './session_proxy.ts'
import { SessionState } from './session_state.ts'
import { metadataSource, openSessionStore } from './store_loader.ts'

/**
 * Marks a view: its session is not loaded before it runs. The view may call `await request.session.load()`, and
 * `flush()` needs one round trip instead of two.
 */
export function sessionExempt<V extends (...args: never[]) => unknown>(view: V): V {
  return Object.assign(view, { sessionExempt: true })
}

const isSessionExempt = (view: unknown): boolean =>
  typeof view === 'function' && (view as { sessionExempt?: unknown }).sessionExempt === true

/**
 * What is done about a request's session: `delete` its cookie, `save` it and send the cookie, `send` the cookie of a
 * session that is saved already, `discard` its changes, or `ignore` it.
 */
type Outcome = 'delete' | 'save' | 'send' | 'discard' | 'ignore'

/** Methods that a client does not use to change anything (RFC 9110, section 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** @param sent whether the request came with a session cookie */
function outcomeOf(state: SessionState, sent: boolean, method: string, status: number): Outcome {
  if (state.isEmpty) return sent && !state.leavesCookie ? 'delete' : 'ignore'
  if (status >= 500) return 'discard'
  // A page that only counts the visit is shown. Any other change that cannot be saved is an error.
  if (state.isLate && SAFE_METHODS.has(method)) return 'discard'
  if (state.dirty || settings.SESSION_SAVE_EVERY_REQUEST) return 'save'
  return state.isWritten ? 'send' : 'ignore'
}

function deleteCookie(response: Response): void {
  response.deleteCookie(settings.SESSION_COOKIE_NAME, {
    path: settings.SESSION_COOKIE_PATH,
    domain: settings.SESSION_COOKIE_DOMAIN,
    samesite: settings.SESSION_COOKIE_SAMESITE,
  })
}

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
  // A client that receives another's Set-Cookie is logged in as that user, so no shared cache may store the response.
  makePrivate(response)
}

/** The factory that MIDDLEWARE names. */
export function SessionMiddleware(): Middleware {
  const store = openSessionStore()
  const describe = metadataSource()
  return async function session({ request, response }, next) {
    const sent = request.COOKIES[settings.SESSION_COOKIE_NAME]
    const state = new SessionState(store, sent, () => settings.SESSION_COOKIE_AGE)
    const opened = new SessionBase(state)
    request.session = createSessionProxy(opened)
    if (describe !== undefined) state.metadata = () => describe(request)
    if (state.needsFetch && !isSessionExempt(request.resolverMatch?.func)) await state.fetch()
    const finish = async (status: number): Promise<void> => {
      const outcome = outcomeOf(state, sent !== undefined, request.method, status)
      if (opened.accessed || outcome === 'delete') patchVaryHeaders(response, ['Cookie'])
      if (outcome === 'ignore') return
      if (outcome === 'discard') {
        state.discardChanges()
        // Without the new cookie, the client would lose its session.
        if (!state.isMoved) return
      }
      if (outcome === 'delete') return deleteCookie(response)
      if (outcome === 'save') await state.save()
      // The key is null where another request ended the session in the meantime.
      if (state.key !== null && !state.leavesCookie) sendCookie(opened, state.key, response)
    }
    try {
      await next()
    } catch (error) {
      // An inner middleware threw, such as `ctx.throw(401)`. Its status decides, as that of a view's response does.
      await finish(errorStatus(request, error))
      state.markSent()
      throw error
    }
    await finish(response.status)
    state.markSent()
    // A stream may change lists inside the session while it is sent.
    if (opened.accessed && response.body instanceof Readable) response.res.once('close', () => state.saveLater())
  }
}
