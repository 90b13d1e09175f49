/** The site that the HTTP domains attack: each view handles the client's text as views of real sites do. */
import { cache, InvalidCacheKey } from '#core/cache'
import { loginRequired } from '#core/contrib/auth'
import { messages } from '#core/contrib/messages'
import {
  type HttpRequest,
  HttpResponse,
  HttpResponseRedirect,
  JsonResponse,
  urlHasAllowedHostAndScheme,
  type View,
} from '#core/http'
import { csrfExempt } from '#core/middleware'
import { redirect, render } from '#core/shortcuts'
import { include, path, rePath, reverse } from '#core/urls'

const all = (fields: Iterable<readonly [string, string]>): [string, string][] => Array.from(fields, ([a, b]) => [a, b])

/** The text of a request: the first value of its query or form. */
const textOf = (request: HttpRequest): string => request.POST.get('q') ?? request.GET.get('q') ?? ''

const page: View<object> = (request: HttpRequest) =>
  render(request, 'fuzz/page.html', { text: textOf(request), fields: all(request.GET), cookies: request.COOKIES })

const form: View<object> = (request: HttpRequest) =>
  render(request, 'fuzz/form.html', { fields: all(request.POST), files: [...request.FILES.values()] })

/** Like a view of an API: a body that is not JSON causes the error of `json()`. */
const api: View<object> = (request: HttpRequest) => new JsonResponse({ body: request.json() })

/** A body of any type. */
const raw: View<object> = async (request: HttpRequest) => {
  await request.read()
  return new JsonResponse({ fields: all(request.POST), files: request.FILES.size })
}

const session: View<object> = async (request: HttpRequest) => {
  for (const [name, value] of [...request.GET, ...request.POST]) request.session.set(`client ${name}`, value)
  const count = (request.session.get('count') ?? 0) + 1
  request.session.set('count', count)
  return new JsonResponse({ count, keys: [...request.session.keys()].length })
}

const notes: View<object> = (request: HttpRequest) => {
  messages.info(request, textOf(request), { extraTags: request.GET.get('tags') ?? '' })
  return request.GET.has('show') ? render(request, 'fuzz/messages.html') : redirect('page')
}

const signed: View<object> = (request: HttpRequest) => {
  const value = request.getSignedCookie('choice', { default: 'none' })
  const response = new HttpResponse(value)
  response.setSignedCookie('choice', encodeURIComponent(Buffer.from(textOf(request).slice(0, 500)).toString()))
  return response
}

const cached: View<object> = async (request: HttpRequest) => {
  try {
    const key = `client ${textOf(request)}`
    await cache.set(key, textOf(request), 30)
    return new JsonResponse({ value: await cache.get(key) })
  } catch (error) {
    if (error instanceof InvalidCacheKey) return new HttpResponse('no key', { status: 400 })
    throw error
  }
}

const go: View<object> = (request: HttpRequest) => {
  const next = request.GET.get('next')
  const isSafe = urlHasAllowedHostAndScheme(next, request.getHost(), { requireHttps: request.isSecure() })
  return new HttpResponseRedirect(isSafe && next !== null ? next : '/')
}

/** A redirect to an unchecked URL: if it is not allowed, the response is 400. */
const away: View<object> = (request: HttpRequest) => new HttpResponseRedirect(textOf(request))

const address: View<object> = (request: HttpRequest) =>
  new JsonResponse({
    full: request.getFullPath(),
    absolute: request.buildAbsoluteUri(),
    host: request.getHost(),
    path: request.pathInfo,
    accepts: request.accepts('text/html'),
  })

const item: View<{ id: number; slug: string }> = (_request: HttpRequest, { id, slug }) =>
  new HttpResponse(reverse('item', { kwargs: { id, slug } }))

const below: View<object> = (request: HttpRequest) => new HttpResponse(request.pathInfo)

const members: View<object> = loginRequired((request: HttpRequest) => new HttpResponse(String(request.user)))

/** Fails on purpose, with the client's text in the error, which the debug page shows. */
const failing: View<object> = (request: HttpRequest) => {
  throw new Error(`The view failed on purpose: ${textOf(request)}`)
}

export const urlpatterns = [
  path('', page, { name: 'page' }),
  path('form/', csrfExempt(form)),
  path('guarded/', form),
  path('api/', csrfExempt(api)),
  path('raw/', csrfExempt(raw)),
  path('session/', csrfExempt(session)),
  path('notes/', csrfExempt(notes)),
  path('signed/', csrfExempt(signed)),
  path('cache/', csrfExempt(cached)),
  path('go/', go),
  path('away/', away),
  path('address/', address),
  path('item/<int:id>/<slug:slug>/', item, { name: 'item' }),
  path('below/<path:rest>', below),
  rePath(/^year\/(?<year>[0-9]{4})\/(?<rest>.*)$/, below),
  path('members/', members),
  path('failing/', failing),
  path('accounts/', include('core.contrib.auth.urls')),
]
