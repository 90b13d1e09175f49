/** URL patterns for static and uploaded files in development, for a site that is not run by runserver. */
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { rePath, type UrlPatterns } from '#core/urls'
import { serveStatic } from '#core/views'
import { serve } from './views.ts'

/** The part of a URL below which the files lie, as a pattern; undefined for a URL on another host. */
function patternOf(prefix: string): RegExp | undefined {
  if (/^(?:[a-z][a-z\d+.-]*:)?\/\//i.test(prefix)) return undefined
  const escaped = prefix.replace(/^\/+/, '').replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  return new RegExp(`^${escaped}(?<path>.*)$`)
}

/**
 * Patterns that serve a folder under DEBUG, and none otherwise:
 *
 *     export const urlpatterns = [...staticUrlpatterns(settings.MEDIA_URL, { documentRoot: settings.MEDIA_ROOT })]
 */
export function staticUrlpatterns(prefix: string, { documentRoot }: { readonly documentRoot: string }): UrlPatterns {
  if (prefix === '') throw new ImproperlyConfigured('Empty static prefix not permitted')
  const pattern = patternOf(prefix)
  if (!settings.DEBUG || pattern === undefined) return []
  return [rePath(pattern, serveStatic, { kwargs: { documentRoot } })]
}

/** Patterns that serve what the finders find under DEBUG, and none otherwise. */
export function staticfilesUrlpatterns(prefix: string | null = settings.STATIC_URL): UrlPatterns {
  const pattern = patternOf(prefix ?? '')
  return settings.DEBUG && prefix !== null && prefix !== '' && pattern !== undefined ? [rePath(pattern, serve)] : []
}
