/** A site that serves only its files. */
import { settings } from '#core/conf'
import { staticUrlpatterns } from '#core/contrib/staticfiles'
import type { UrlPatterns } from '#core/urls'

export const urlpatterns: UrlPatterns = [...staticUrlpatterns('/media/', { documentRoot: settings.MEDIA_ROOT })]
