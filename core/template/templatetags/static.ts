/** `{% static 'x.css' %}`, and the prefixes of static and media files. */
import { settings } from '#core/conf'
import { quoteUri } from '#core/utils'
import type { Tag } from '../library.ts'

/** A relative STATIC_URL or MEDIA_URL lies under the path of the whole site, as in Django. */
function withScriptName(url: string | null): string {
  if (url === null || url === '') return url ?? ''
  if (url.startsWith('/') || /^[a-z][a-z\d+.-]*:\/\//i.test(url)) return url
  return `${(settings.FORCE_SCRIPT_NAME ?? '').replace(/\/$/, '')}/${url}`
}

/** The address of a static file. */
export function staticUrl(path: string): string {
  if (/^([a-z][a-z\d+.-]*:)?\/\//i.test(path)) return path
  return path.startsWith('/') ? quoteUri(path) : withScriptName(settings.STATIC_URL) + quoteUri(path)
}

export const tags: Readonly<Record<string, Tag>> = {
  static: (_context, [path]) => staticUrl(String(path)),
  get_static_prefix: () => withScriptName(settings.STATIC_URL),
  get_media_prefix: () => withScriptName(settings.MEDIA_URL),
}
