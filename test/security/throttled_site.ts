/** A site with the login pages, a static file, and its own views that check passwords. */
import { authenticate, loginRequired, throttleLogin, type User } from '#core/contrib/auth'
import { settings } from '#core/conf'
import { ServiceUnavailable } from '#core/exceptions'
import { type HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse } from '#core/http'
import { include, path } from '#core/urls'
import { serveStatic } from '#core/views'

const who = (request: HttpRequest): HttpResponse => new HttpResponse(String(request.user))

/** A login for programs. */
async function api(request: HttpRequest): Promise<HttpResponse> {
  const user = await authenticate(request, request.json<Record<string, string>>())
  return new JsonResponse({ user: user?.getUsername() ?? null })
}

/** Requires the password again. */
const confirm = loginRequired(async (request: HttpRequest): Promise<HttpResponse> => {
  const user = request.user as User
  const password = request.POST.get('password') ?? ''
  const isRight = await throttleLogin(request, user.getUsername(), () => user.checkPassword(password))
  return isRight ? new HttpResponse('confirmed') : new HttpResponseForbidden('wrong')
})

/** A check that fails without reading the password. */
const failing = (request: HttpRequest): Promise<HttpResponse> =>
  throttleLogin(request, 'ada', async () => {
    if (request.POST.get('how') === 'outage') throw new ServiceUnavailable('The directory is down.')
    throw new Error('The check has an error.')
  })

export const urlpatterns = [
  path('accounts/', include('core.contrib.auth.urls')),
  path('static/<path:path>', (request: HttpRequest, params: { path: string }) =>
    serveStatic(request, { ...params, documentRoot: settings.STATIC_ROOT ?? '' }),
  ),
  path('who', who),
  path('api', api),
  path('confirm', confirm),
  path('failing', failing),
]
