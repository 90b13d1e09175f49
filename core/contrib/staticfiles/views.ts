/** Serves static files in development: the view, the middleware that runserver adds, and URL patterns. */
import path from 'node:path'
import { settings } from '#core/conf'
import { Http404, ImproperlyConfigured, SuspiciousOperation } from '#core/exceptions'
import { applyResponse, type HttpRequest, type HttpResponseBase, HttpResponseNotAllowed } from '#core/http'
import { serveStatic } from '#core/views'
import { find, getFinders } from './finders.ts'
import { fileBelow } from './folders.ts'
import type { Middleware } from 'koa'
import { staticBaseUrl } from './base.ts'
import { rePath, type UrlPatterns } from '#core/urls'

export interface ServeParams {
  /** Name of the file, as it stands in the URL behind STATIC_URL, decoded. */
  readonly path: string
  /** Whether to serve even if DEBUG is off. */
  readonly insecure?: boolean
}

/** A file as a path below the folder in which it was found: no link and no hidden name may lie between the two. */
function placeOf(file: string): { path: string; documentRoot: string } {
  const locations = getFinders().flatMap((finder) => finder.locations)
  const documentRoot = locations.find((folder) => fileBelow(folder, file) !== undefined) ?? path.dirname(file)
  return { path: path.relative(documentRoot, file).replaceAll(path.sep, '/'), documentRoot }
}

/** @throws Http404 where there is no such file, SuspiciousOperation for a name that leads out of the folders */
export function serve(request: HttpRequest, { path: wanted, insecure = false }: ServeParams): HttpResponseBase {
  if (!settings.DEBUG && !insecure) throw new Http404('Static files are served under DEBUG alone.')
  const name = path.posix.normalize(wanted).replace(/^\/+/, '')
  if (name === '..' || name.startsWith('../')) {
    throw new SuspiciousOperation('The path leads out of the folders of static files.')
  }
  const isFolder = wanted === '' || wanted.endsWith('/')
  const file = isFolder ? undefined : find(name)
  if (file !== undefined) return serveStatic(request, placeOf(file))
  throw new Http404(isFolder ? 'Directory indexes are not allowed here.' : `'${wanted}' could not be found`)
}

// Answers requests for static files in front of all middleware, so that a project in development needs no URL for them.

/** The path of STATIC_URL within the site; undefined where it lies on another host. */
function prefixWithinSite(): string | undefined {
  const base = staticBaseUrl()
  if (!base.startsWith('/') || base.startsWith('//')) return undefined
  const script = (settings.FORCE_SCRIPT_NAME ?? '').replace(/\/$/, '')
  return script !== '' && base.startsWith(`${script}/`) ? base.slice(script.length) : base
}

/**
 * The middleware, or undefined where static files lie on another host.
 * @throws ImproperlyConfigured where STATIC_URL is not set
 */
export function staticFilesHandler(): Middleware | undefined {
  const prefix = prefixWithinSite()
  if (prefix === undefined) return undefined
  return async function staticFiles({ request, response }, next) {
    if (!request.pathInfo.startsWith(prefix)) {
      await next()
      return
    }
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const wanted = request.pathInfo.slice(prefix.length)
    const answer = isRead
      ? serve(request, { path: wanted, insecure: true })
      : new HttpResponseNotAllowed(['GET', 'HEAD'])
    applyResponse(answer, response)
  }
}

// URL patterns for static and uploaded files in development, for a site that is not run by runserver.

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
