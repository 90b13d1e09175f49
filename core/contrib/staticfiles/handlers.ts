/** Answers requests for static files in front of all middleware, so that a project in development needs no URL for them. */
import type { Middleware } from 'koa'
import { settings } from '#core/conf'
import { applyResponse, HttpResponseNotAllowed } from '#core/http'
import { staticBaseUrl } from './base_url.ts'
import { serve } from './views.ts'

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
