/** `{% static 'x.css' %}`, and the tags for the prefixes of static and media files. */
import { settings } from '#core/conf'
import { quoteUri } from '#core/web'
import type { Tag } from '../library.ts'

/** Returns the URL of a static file; undefined if it does not know the file. */
export type StaticUrlResolver = (path: string) => string | undefined

let resolver: StaticUrlResolver | undefined

/** Sets the function that resolves paths for `{% static %}`, as the staticfiles app does. The default prefixes STATIC_URL. */
export function resolveStaticUrlsWith(resolve: StaticUrlResolver): void {
  resolver = resolve
}

/** Prefixes a relative STATIC_URL or MEDIA_URL with FORCE_SCRIPT_NAME, as in Django. */
export function withScriptName(url: string | null): string {
  if (url === null || url === '') return url ?? ''
  if (url.startsWith('/') || /^[a-z][a-z\d+.-]*:\/\//i.test(url)) return url
  return `${(settings.FORCE_SCRIPT_NAME ?? '').replace(/\/$/, '')}/${url}`
}

/** The URL of a static file. @param path relative to STATIC_URL; an absolute URL is returned as it is */
export function staticUrl(path: string): string {
  if (/^([a-z][a-z\d+.-]*:)?\/\//i.test(path)) return path
  const resolved = resolver?.(path)
  if (resolved !== undefined) return resolved
  return path.startsWith('/') ? quoteUri(path) : withScriptName(settings.STATIC_URL) + quoteUri(path)
}

const withArguments = (tag: Tag, checkArguments: Tag['checkArguments']): Tag => Object.assign(tag, { checkArguments })

const prefixTag = (name: string, prefix: () => string): Tag =>
  withArguments(prefix, (args, kwargs) => {
    if (args.length + kwargs.length > 0) throw new SyntaxError(`'${name}' takes no arguments but 'as variable'.`)
  })

export const tags: Readonly<Record<string, Tag>> = {
  static: withArguments(
    (_context, [path]) => staticUrl(String(path)),
    (args) => {
      if (args.length === 0) throw new SyntaxError("'static' takes at least one argument, the path of a file.")
    },
  ),
  get_static_prefix: prefixTag('get_static_prefix', () => withScriptName(settings.STATIC_URL)),
  get_media_prefix: prefixTag('get_media_prefix', () => withScriptName(settings.MEDIA_URL)),
}
