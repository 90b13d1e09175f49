/** The addresses of the project: ROOT_URLCONF. */
import { include, path } from '#core/urls'
import * as mysession from './mysession/urls.ts'

export const urlpatterns = [path('', include(mysession))]
