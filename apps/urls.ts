/** The URL patterns of the project: ROOT_URLCONF. */
import { include, path } from '#core/urls'
import * as mysession from './mysession/urls.ts'
import * as shop from './shop/urls.ts'

export const urlpatterns = [
  path('shop/', include(shop)),
  path('accounts/', include('core.contrib.auth.urls')),
  path('', include(mysession)),
]
