/** STATIC_URL as the site uses it, or the error that says what is wrong with it. */
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { withScriptName } from '#core/template'

/** @throws ImproperlyConfigured where STATIC_URL is not set, or collides with MEDIA_URL */
export function staticBaseUrl(url: string | null = settings.STATIC_URL): string {
  if (url === null || url === '') {
    throw new ImproperlyConfigured(
      "You're using the staticfiles app without having set the required STATIC_URL setting. Usual is 'static/'.",
    )
  }
  const base = withScriptName(url)
  if (settings.MEDIA_URL !== '' && withScriptName(settings.MEDIA_URL) === base) {
    throw new ImproperlyConfigured(`MEDIA_URL and STATIC_URL must have different values, found '${url}' for both.`)
  }
  const { MEDIA_ROOT, STATIC_ROOT } = settings
  if (MEDIA_ROOT !== '' && MEDIA_ROOT === STATIC_ROOT) {
    throw new ImproperlyConfigured(`MEDIA_ROOT and STATIC_ROOT must have different values, found '${MEDIA_ROOT}'.`)
  }
  return base.endsWith('/') ? base : `${base}/`
}
