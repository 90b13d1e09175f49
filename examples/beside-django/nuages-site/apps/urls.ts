/** The addresses of the Nuages side: what the proxy gives it, under the path that the visitor sees. */
import { include, path } from '#core/urls'
import * as shop from './shop/urls.ts'

export const urlpatterns = [
  path('shop/', include(shop)),
  // The pages of auth are here a second time, so that either side can be tried.
  path('shop/accounts/', include('core.contrib.auth.urls')),
]
