/** CSRF protection view by view: for those that need another than the middleware gives. */
import type { HttpRequest, HttpResponseBase, View } from '#core/http'
import { csrfProblem, failureView, refuse } from './csrf_check.ts'
import { beginCsrf, getToken, sendSecret } from './csrf_state.ts'
import { wrapView } from './wrap.ts'

/** Marks a view: it takes requests of any site. Whoever made them, they come with the visitor's cookies. */
export const csrfExempt = <V extends View>(view: V): V => wrapView(view, { csrfExempt: true })

async function around(
  request: HttpRequest,
  answer: () => HttpResponseBase | Promise<HttpResponseBase>,
): Promise<HttpResponseBase> {
  beginCsrf(request)
  const response = await answer()
  sendSecret(request, response)
  return response
}

/** Protects a view, with the middleware or without. */
export const csrfProtect = <V extends View>(view: V): V =>
  wrapView(view, {}, (request, params) =>
    around(request, async () => {
      const reason = await csrfProblem(request)
      return reason === undefined ? view(request, params) : refuse(request, reason, failureView())
    }),
  )

/** Lets a view's template have `{% csrf_token %}` without the middleware. It refuses nobody: for error pages. */
export const requiresCsrfToken = <V extends View>(view: V): V =>
  wrapView(view, {}, (request, params) => around(request, () => view(request, params)))

/** Sends the CSRF cookie with a view's answer whether its template has a form or not: for pages whose scripts post. */
export const ensureCsrfCookie = <V extends View>(view: V): V =>
  wrapView(view, {}, (request, params) =>
    around(request, () => {
      getToken(request)
      return view(request, params)
    }),
  )
