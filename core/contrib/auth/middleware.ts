/** Middleware for `request.user`, for requiring a login, and for loading permissions. */
import type { Middleware } from 'koa'
import { applyResponse, type ViewMarks } from '#core/http'
import { isMarkedLoginNotRequired, type LoginOptions, redirectToLogin } from './decorators.ts'
import { giveUser } from './request_user.ts'

async function continueAfter(pending: Promise<void>, next: () => Promise<unknown>): Promise<void> {
  await pending
  await next()
}

/** Sets `request.user`. A request without a session cookie costs nothing; one of a logged-in user costs a query. */
export function AuthenticationMiddleware(): Middleware {
  return function authentication({ request }, next) {
    const view: ViewMarks | undefined = request.resolverMatch?.func
    const pending = giveUser(request, view?.sessionExempt !== true)
    return pending === undefined ? next() : continueAfter(pending, next)
  }
}

/** Redirects users who are not logged in to the login page, except from views marked with loginNotRequired(). */
export function LoginRequiredMiddleware(): Middleware {
  return async function loginRequired({ request, response }, next) {
    const view = request.resolverMatch?.func
    const isAllowed = view === undefined || isMarkedLoginNotRequired(view) || (await request.auser()).isAuthenticated
    if (isAllowed) await next()
    else applyResponse(redirectToLogin(request, (view as { loginOptions?: LoginOptions }).loginOptions), response)
  }
}

/**
 * Loads the user's permissions, so that every template can use `perms`. This costs each request of a logged-in user one
 * more query. Where few views need them, call `await request.user.loadPermissions()` in those views instead.
 */
export function PermissionsMiddleware(): Middleware {
  return async function permissions({ request }, next) {
    const view: ViewMarks | undefined = request.resolverMatch?.func
    if (view?.sessionExempt !== true) await (await request.auser()).loadPermissions()
    await next()
  }
}
