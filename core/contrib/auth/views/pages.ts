/** Helpers of this app's views: rendering, HTTP methods and redirect targets. */
import { settings } from '#core/conf'
import {
  addNeverCacheHeaders,
  hostForLinks,
  type HttpRequest,
  type HttpResponse,
  type HttpResponseBase,
  HttpResponseNotAllowed,
  urlHasAllowedHostAndScheme,
  type View,
} from '#core/http'
import { render, resolveUrl } from '#core/shortcuts'
import { REDIRECT_FIELD_NAME } from '../decorators.ts'
import { TooManyLoginAttempts, waitText } from '../throttle.ts'

type Page = (request: HttpRequest) => HttpResponseBase | Promise<HttpResponseBase>

/** The response after too many wrong passwords. The page and Retry-After say when to try again. */
function tooManyAttempts(request: HttpRequest, { retryAfter }: TooManyLoginAttempts): HttpResponse {
  const context = { title: 'Too many attempts', wait: waitText(retryAfter), retry_after: retryAfter }
  const response = page(request, 'registration/too_many_attempts.html', context)
  response.status = 429
  response.headers.set('Retry-After', retryAfter)
  return response
}

/** Builds a view that supports GET, POST or both. @returns a view that sends a 405 for other methods */
export function viewOf(name: string, { get, post }: { get?: Page; post?: Page }): View<object> {
  const methods = [...(get === undefined ? [] : ['GET', 'HEAD']), ...(post === undefined ? [] : ['POST']), 'OPTIONS']
  const view = async (request: HttpRequest): Promise<HttpResponseBase> => {
    const show = request.method === 'POST' ? post : ['GET', 'HEAD'].includes(request.method) ? get : undefined
    if (show === undefined) {
      return new HttpResponseNotAllowed(methods, '', request.method === 'OPTIONS' ? { status: 200 } : {})
    }
    try {
      return await show(request)
    } catch (error) {
      if (error instanceof TooManyLoginAttempts) return tooManyAttempts(request, error)
      throw error
    }
  }
  return Object.defineProperty(view, 'name', { value: name })
}

/** Renders a page that must not be cached, because it contains a token or refers to the user. */
export function page(request: HttpRequest, template: string, context: Record<string, unknown>): HttpResponse {
  const response = render(request, template, context)
  addNeverCacheHeaders(response)
  return response
}

/** The `next` parameter of the request; empty if it is absent or leads to another host. */
export function nextUrl(request: HttpRequest): string {
  const url = request.POST.get(REDIRECT_FIELD_NAME) ?? request.GET.get(REDIRECT_FIELD_NAME) ?? ''
  const isSafe = urlHasAllowedHostAndScheme(url, request.getHost(), { requireHttps: request.isSecure() })
  return isSafe ? url : ''
}

/** The URL to redirect to after a login. */
export const afterLogin = (request: HttpRequest): string => nextUrl(request) || resolveUrl(settings.LOGIN_REDIRECT_URL)

/** Template context with the domain, name and protocol of the site. */
export function siteOf(request: HttpRequest): { domain: string; site_name: string; protocol: string } {
  const domain = hostForLinks(request)
  return { domain, site_name: domain, protocol: request.isSecure() ? 'https' : 'http' }
}
