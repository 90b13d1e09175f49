/** The URLs of the copied project: the pages of auth, and one that uses the lists. */
import { messages } from '#core/contrib/messages'
import { type HttpRequest, HttpResponse } from '#core/http'
import { include, path } from '#core/urls'

function home(request: HttpRequest): HttpResponse {
  messages.info(request, 'You were here.')
  return new HttpResponse(request.user.isAuthenticated ? 'a member' : 'a visitor')
}

export const urlpatterns = [path('', home, { name: 'home' }), path('accounts/', include('django.contrib.auth.urls'))]
