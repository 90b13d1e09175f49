/** Views that not everybody may see: `loginRequired`, `permissionRequired`, `userPassesTest`. */
import { settings } from '#core/conf'
import { ImproperlyConfigured, PermissionDenied } from '#core/exceptions'
import { type HttpRequest, type HttpResponseBase, HttpResponseRedirect, type View } from '#core/http'
import { resolveUrl } from '#core/shortcuts'
import { splitUrl } from '#core/web'
import type { RequestUser } from './request_user.ts'

/** Field of the query that says where to go after the login. */
export const REDIRECT_FIELD_NAME = 'next'

export interface LoginOptions {
  /** A URL or the name of one; LOGIN_URL when absent. */
  readonly loginUrl?: string
  /** Field of the query that says where to go after the login; `next` when absent. */
  readonly redirectFieldName?: string
}

// oxlint-disable-next-line typescript/no-explicit-any -- any view, whatever its params
type AnyView = View<any>

type LooseView = (request: HttpRequest, params: never) => HttpResponseBase | Promise<HttpResponseBase>

/** The login page, with the way back to this request's page. */
export function redirectToLogin(request: HttpRequest, options: LoginOptions = {}): HttpResponseRedirect {
  const url = resolveUrl(options.loginUrl ?? settings.LOGIN_URL)
  const parts = splitUrl(url)
  const elsewhere =
    (parts?.scheme !== '' && parts?.scheme !== request.scheme) ||
    (parts.netloc !== '' && parts.netloc !== request.getHost())
  const back = elsewhere ? request.buildAbsoluteUri() : request.getFullPath()
  return new HttpResponseRedirect(withQuery(url, options.redirectFieldName ?? REDIRECT_FIELD_NAME, back))
}

/** A URL with a field of its query set; slashes in it stay readable. */
function withQuery(url: string, name: string, value: string): string {
  const [start = '', fragment] = url.split('#', 2)
  const [path = '', query = ''] = start.split('?', 2)
  const fields = new URLSearchParams(query)
  fields.set(name, value)
  const text = fields.toString().replaceAll('%2F', '/')
  return `${path}?${text}${fragment === undefined ? '' : `#${fragment}`}`
}

function userOf(request: HttpRequest): Promise<RequestUser> {
  // oxlint-disable-next-line typescript/no-unnecessary-condition -- without the middleware there is none
  if (request.auser !== undefined) return request.auser()
  throw new ImproperlyConfigured(
    'This view asks who the user is, and no middleware has found out. Put' +
      " 'core.contrib.auth.middleware.AuthenticationMiddleware' into MIDDLEWARE, after SessionMiddleware.",
  )
}

/** A view around another, with its name and its marks. */
function around<V extends AnyView>(view: V, inner: LooseView, options: LoginOptions): V {
  const wrapped: unknown = Object.assign(inner, view, { loginRequired: true, loginOptions: options })
  Object.defineProperty(wrapped, 'name', { value: view.name, configurable: true })
  return wrapped as V
}

/**
 * A decorator: the view for users who pass a test, the login page for all others.
 *
 *     export const report = userPassesTest((user) => user.isStaff)(async (request) => …)
 */
export function userPassesTest(
  test: (user: RequestUser) => boolean | Promise<boolean>,
  options: LoginOptions = {},
): <V extends AnyView>(view: V) => V {
  return (view) =>
    around(
      view,
      async (request, params) => {
        if (await test(await userOf(request))) return view(request, params)
        return redirectToLogin(request, options)
      },
      options,
    )
}

/**
 * The view for users who are logged in; the login page for all others.
 *
 *     export const profile = loginRequired(async (request) => …)
 */
export function loginRequired<V extends AnyView>(view: V, options: LoginOptions = {}): V {
  return userPassesTest((user) => user.isAuthenticated, options)(view)
}

/**
 * A decorator: the view for users who may do something; the login page for all others.
 * @param permission `app_label.codename`, or several of which the user needs all
 * @param options.raiseException answers 403 to users who may not
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

/** Marks a view that LoginRequiredMiddleware lets everybody see: the login page itself, for one. */
export function loginNotRequired<V extends AnyView>(view: V): V {
  return Object.assign(view, { loginRequired: false })
}

export const isMarkedLoginNotRequired = (view: View): boolean => view.loginRequired === false
