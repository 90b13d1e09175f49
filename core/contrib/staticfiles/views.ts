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
  /** Name of the file: the part of the URL after STATIC_URL, decoded. */
  readonly path: string
  /** Whether to serve even if DEBUG is off. */
  readonly insecure?: boolean
}

/** Splits a file into the directory in which it was found, and the relative path, which serveStatic checks. */
function splitPath(file: string): { path: string; documentRoot: string } {
  const locations = getFinders().flatMap((finder) => finder.locations)
  const documentRoot = locations.find((folder) => fileBelow(folder, file) !== undefined) ?? path.dirname(file)
  return { path: path.relative(documentRoot, file).replaceAll(path.sep, '/'), documentRoot }
}

/** @throws Http404 if the file does not exist, SuspiciousOperation for a name that leads out of the directories */
export function serve(request: HttpRequest, { path: wanted, insecure = false }: ServeParams): HttpResponseBase {
  if (!settings.DEBUG && !insecure) throw new Http404('Static files are served under DEBUG alone.')
  const name = path.posix.normalize(wanted).replace(/^\/+/, '')
  if (name === '..' || name.startsWith('../')) {
    throw new SuspiciousOperation('The path leads out of the folders of static files.')
  }
  const isFolder = wanted === '' || wanted.endsWith('/')
  const file = isFolder ? undefined : find(name)
  if (file !== undefined) return serveStatic(request, splitPath(file))
  throw new Http404(isFolder ? 'Directory indexes are not allowed here.' : `'${wanted}' could not be found`)
}

// The middleware that runs before all others, so that a project in development needs no URL pattern for static files.

/** The path of STATIC_URL within the site; undefined if it is on another host. */
function prefixWithinSite(): string | undefined {
  const base = staticBaseUrl()
  if (!base.startsWith('/') || base.startsWith('//')) return undefined
  const script = (settings.FORCE_SCRIPT_NAME ?? '').replace(/\/$/, '')
  return script !== '' && base.startsWith(`${script}/`) ? base.slice(script.length) : base
}

/**
 * The middleware, or undefined if static files are on another host.
 * @throws ImproperlyConfigured if STATIC_URL is not set
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
    const result = isRead
      ? serve(request, { path: wanted, insecure: true })
      : new HttpResponseNotAllowed(['GET', 'HEAD'])
    applyResponse(result, response)
  }
}

// URL patterns for static and uploaded files in development, for sites that do not use runserver.

/** The pattern for files below a URL prefix; undefined for a URL on another host. */
function patternOf(prefix: string): RegExp | undefined {
  if (/^(?:[a-z][a-z\d+.-]*:)?\/\//i.test(prefix)) return undefined
  const escaped = prefix.replace(/^\/+/, '').replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  return new RegExp(`^${escaped}(?<path>.*)$`)
}

/**
 * Patterns that serve a directory under DEBUG; empty otherwise:
 *
 *     export const urlpatterns = [...staticUrlpatterns(settings.MEDIA_URL, { documentRoot: settings.MEDIA_ROOT })]
 */
export function staticUrlpatterns(prefix: string, { documentRoot }: { readonly documentRoot: string }): UrlPatterns {
  if (prefix === '') throw new ImproperlyConfigured('Empty static prefix not permitted')
  const pattern = patternOf(prefix)
  if (!settings.DEBUG || pattern === undefined) return []
  return [rePath(pattern, serveStatic, { kwargs: { documentRoot } })]
}

/** Patterns that serve the files of the finders under DEBUG; empty otherwise. */
export function staticfilesUrlpatterns(prefix: string | null = settings.STATIC_URL): UrlPatterns {
  const pattern = patternOf(prefix ?? '')
  return settings.DEBUG && prefix !== null && prefix !== '' && pattern !== undefined ? [rePath(pattern, serve)] : []
}
