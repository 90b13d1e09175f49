/** Rejects unwanted user agents and redirects to the canonical URL, with `www.` or a trailing slash as configured. */
import type { Middleware } from 'koa'
import { settings } from '#core/conf'
import { PermissionDenied } from '#core/exceptions'
import {
  applyResponse,
  type HttpRequest,
  HttpResponsePermanentRedirect,
  type ResolverMatch,
  type View,
  wrapView,
} from '#core/http'
import { resolve, Resolver404 } from '#core/urls'
import { answerInstead } from './response_body.ts'
import { compilePatterns, someMatch } from '#core/utils'

type SlashMark = View & { readonly shouldAppendSlash?: boolean }

/** Exempts a view from APPEND_SLASH: a URL without the trailing slash is not redirected to it. */
export const noAppendSlash = <V extends View>(view: V): V => wrapView(view, { shouldAppendSlash: false })

function matchOf(path: string): ResolverMatch | undefined {
  try {
    return resolve(path)
  } catch (error) {
    if (error instanceof Resolver404) return undefined
    throw error
  }
}

/** Whether no view matches the URL, but one would with a trailing slash. */
function lacksSlash(request: HttpRequest): boolean {
  if (!settings.APPEND_SLASH || request.pathInfo.endsWith('/') || request.resolverMatch !== undefined) return false
  const match = matchOf(`${request.pathInfo}/`)
  return match !== undefined && (match.func as SlashMark).shouldAppendSlash !== false
}

/** @throws RuntimeError under DEBUG if the redirect would lose the request's data */
function pathWithSlash(request: HttpRequest): string {
  const path = request.getFullPath({ forceAppendSlash: true })
  if (!settings.DEBUG || !['DELETE', 'POST', 'PUT', 'PATCH'].includes(request.method)) return path
  // Django's message and error name, which can be searched for.
  const error = new Error(
    `You called this URL via ${request.method}, but the URL doesn't end in a slash and you have APPEND_SLASH set.` +
      ` Django can't redirect to the slash URL while maintaining ${request.method} data. Change your form to point to` +
      ` ${request.getHost()}${path} (note the trailing slash), or set APPEND_SLASH=False in your Django settings.`,
  )
  error.name = 'RuntimeError'
  throw error
}

/** The middleware for MIDDLEWARE. Koa sets Content-Length, which Django sets here. */
export function CommonMiddleware(): Middleware {
  const unwanted = compilePatterns(settings.DISALLOWED_USER_AGENTS)
  const prependWww = settings.PREPEND_WWW
  return async function common({ request, response }, next) {
    if (someMatch(unwanted, request.get('User-Agent'))) throw new PermissionDenied('Forbidden user agent')
    const host = request.getHost()
    if (prependWww && !host.startsWith('www.')) {
      const path = lacksSlash(request) ? pathWithSlash(request) : request.getFullPath()
      applyResponse(new HttpResponsePermanentRedirect(`${request.scheme}://www.${host}${path}`), response)
      return
    }
    await next()
    if (response.status !== 404 || !lacksSlash(request)) return
    answerInstead(new HttpResponsePermanentRedirect(pathWithSlash(request)), response)
  }
}
