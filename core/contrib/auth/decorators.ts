/** Decorators that restrict access to views: `loginRequired`, `permissionRequired`, `userPassesTest`. */
import { settings } from '#core/conf'
import { ImproperlyConfigured, PermissionDenied } from '#core/exceptions'
import { type HttpRequest, HttpResponseRedirect, type View, wrapView } from '#core/http'
import { resolveUrl } from '#core/shortcuts'
import { splitUrl } from '#core/web'
import type { RequestUser } from './request_user.ts'

/** Name of the query parameter with the URL to redirect to after the login. */
export const REDIRECT_FIELD_NAME = 'next'

export interface LoginOptions {
  /** A URL or a URL name; LOGIN_URL by default. */
  readonly loginUrl?: string
  /** Name of the query parameter with the URL to redirect to after the login; `next` by default. */
  readonly redirectFieldName?: string
}

// oxlint-disable-next-line typescript/no-explicit-any -- any view, whatever its params
type AnyView = View<any>

/** Redirects to the login page, with this request's URL as the one to return to. */
export function redirectToLogin(request: HttpRequest, options: LoginOptions = {}): HttpResponseRedirect {
  const url = resolveUrl(options.loginUrl ?? settings.LOGIN_URL)
  const parts = splitUrl(url)
  const elsewhere =
    (parts?.scheme !== '' && parts?.scheme !== request.scheme) ||
    (parts.netloc !== '' && parts.netloc !== request.getHost())
  const back = elsewhere ? request.buildAbsoluteUri() : request.getFullPath()
  return new HttpResponseRedirect(withQuery(url, options.redirectFieldName ?? REDIRECT_FIELD_NAME, back))
}

/** Sets a query parameter of a URL. Slashes in its value are not percent-encoded. */
function withQuery(url: string, name: string, value: string): string {
  const [start = '', fragment] = url.split('#', 2)
  const [path = '', query = ''] = start.split('?', 2)
  const fields = new URLSearchParams(query)
  fields.set(name, value)
  const queryString = fields.toString().replaceAll('%2F', '/')
  return `${path}?${queryString}${fragment === undefined ? '' : `#${fragment}`}`
}

function userOf(request: HttpRequest): Promise<RequestUser> {
  // oxlint-disable-next-line typescript/no-unnecessary-condition -- without the middleware there is none
  if (request.auser !== undefined) return request.auser()
  throw new ImproperlyConfigured(
    'This view asks who the user is, and no middleware has found out. Put' +
      " 'core.contrib.auth.middleware.AuthenticationMiddleware' into MIDDLEWARE, after SessionMiddleware.",
  )
}

/**
 * A decorator: runs the view for users who pass a test and redirects all others to the login page.
 *
 *     export const report = userPassesTest((user) => user.isStaff)(async (request) => …)
 */
export function userPassesTest(
  test: (user: RequestUser) => boolean | Promise<boolean>,
  options: LoginOptions = {},
): <V extends AnyView>(view: V) => V {
  return (view) =>
    wrapView(view, { loginRequired: true, loginOptions: options }, async (request, params) => {
      if (await test(await userOf(request))) return view(request, params)
      return redirectToLogin(request, options)
    })
}

/**
 * Runs the view for users who are logged in and redirects all others to the login page.
 *
 *     export const profile = loginRequired(async (request) => …)
 */
export function loginRequired<V extends AnyView>(view: V, options: LoginOptions = {}): V {
  return userPassesTest((user) => user.isAuthenticated, options)(view)
}

/**
 * A decorator: runs the view for users with a permission and redirects all others to the login page.
 * @param permission `app_label.codename`, or a list; the user needs all of them
 * @param options.raiseException sends a 403 instead of redirecting
 */
export function permissionRequired(
  permission: string | readonly string[],
  { raiseException = false, ...options }: LoginOptions & { readonly raiseException?: boolean } = {},
): <V extends AnyView>(view: V) => V {
  const permissions = typeof permission === 'string' ? [permission] : permission
  return userPassesTest(async (user) => {
    if (await user.hasPerms(permissions)) return true
    if (raiseException) throw new PermissionDenied()
    return false
  }, options)
}

/** Exempts a view, such as the login page, from LoginRequiredMiddleware. */
export function loginNotRequired<V extends AnyView>(view: V): V {
  return Object.assign(view, { loginRequired: false })
}

export const isMarkedLoginNotRequired = (view: View): boolean => view.loginRequired === false
