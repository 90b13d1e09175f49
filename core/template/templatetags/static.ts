/** `{% static 'x.css' %}`, and the prefixes of static and media files. */
import { settings } from '#core/conf'
import { quoteUri } from '#core/web'
import type { Tag } from '../library.ts'

/** Says where a static file is to be had; undefined where it does not know. */
export type StaticUrlResolver = (path: string) => string | undefined

let resolver: StaticUrlResolver | undefined

/** Lets an app say what `{% static %}` makes of a path. The staticfiles app does; else STATIC_URL stands in front. */
export function resolveStaticUrlsWith(resolve: StaticUrlResolver): void {
  resolver = resolve
}

/** A relative STATIC_URL or MEDIA_URL lies under the path of the whole site, as in Django. */
export function withScriptName(url: string | null): string {
  if (url === null || url === '') return url ?? ''
  if (url.startsWith('/') || /^[a-z][a-z\d+.-]*:\/\//i.test(url)) return url
  return `${(settings.FORCE_SCRIPT_NAME ?? '').replace(/\/$/, '')}/${url}`
}

/** The address of a static file. */
export function staticUrl(path: string): string {
  if (/^([a-z][a-z\d+.-]*:)?\/\//i.test(path)) return path
  const resolved = resolver?.(path)
  if (resolved !== undefined) return resolved
  return path.startsWith('/') ? quoteUri(path) : withScriptName(settings.STATIC_URL) + quoteUri(path)
}

export const tags: Readonly<Record<string, Tag>> = {
  static: (_context, [path]) => staticUrl(String(path)),
  get_static_prefix: () => withScriptName(settings.STATIC_URL),
  get_media_prefix: () => withScriptName(settings.MEDIA_URL),
}
