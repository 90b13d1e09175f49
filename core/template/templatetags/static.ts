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
