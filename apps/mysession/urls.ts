/** The addresses of the sample. */
import { path } from '#core/urls'
import * as views from './views.ts'

export const urlpatterns = [
  path('', views.index, { name: 'index' }),
  path('about/', views.about, { name: 'about' }),
  path('reset/', views.reset, { name: 'reset' }),
  path('favorite/set/', views.setFavorite, { name: 'set-favorite' }),
  path('favorite/get/', views.getFavorite, { name: 'get-favorite' }),
]
