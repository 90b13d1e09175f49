/** Middleware: `request.user` for every view, and a login required by every view but those marked. */
import type { Middleware } from 'koa'
import { applyResponse, type ViewMarks } from '#core/http'
import { isMarkedLoginNotRequired, type LoginOptions, redirectToLogin } from './decorators.ts'
import { giveUser } from './request_user.ts'

async function following(reading: Promise<void>, next: () => Promise<unknown>): Promise<void> {
  await reading
  await next()
}

/** Gives each request its user. A visitor without a session costs nothing, a user one query. */
export function AuthenticationMiddleware(): Middleware {
  return function authentication({ request }, next) {
    const view: ViewMarks | undefined = request.resolverMatch?.func
    const reading = giveUser(request, view?.sessionExempt !== true)
    return reading === undefined ? next() : following(reading, next)
  }
}

/** Redirects users who are not logged in to the login page, for every view that is not marked with loginNotRequired(). */
export function LoginRequiredMiddleware(): Middleware {
  return async function loginRequired({ request, response }, next) {
    const view = request.resolverMatch?.func
    const mayPass = view === undefined || isMarkedLoginNotRequired(view) || (await request.auser()).isAuthenticated
    if (mayPass) await next()
    else applyResponse(redirectToLogin(request, (view as { loginOptions?: LoginOptions }).loginOptions), response)
  }
}

/**
 * Reads what each user may do, so that every template can ask for it by `perms`. One more query for each request of
 * a logged-in user; a view that rarely needs it does `await request.user.loadPermissions()` instead.
 */
export function PermissionsMiddleware(): Middleware {
  return async function permissions({ request }, next) {
    const view: ViewMarks | undefined = request.resolverMatch?.func
    if (view?.sessionExempt !== true) await (await request.auser()).loadPermissions()
    await next()
  }
}
