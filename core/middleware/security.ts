/** Redirects http to https, sends security headers, and reports a missing SECURE_PROXY_SSL_HEADER. */
import { settings } from '#core/conf'
import { applyResponse, type HttpRequest, HttpResponsePermanentRedirect } from '#core/http'
import { compilePatterns, getLogger, someMatch } from '#core/utils'
import type { Middleware } from 'koa'

// Reports a missing SECURE_PROXY_SSL_HEADER when a proxy reports that the client uses https.

const log = getLogger('django.security.proxy')

let isReported = false

/**
 * Logs, once per process, that X-Forwarded-Proto is https while SECURE_PROXY_SSL_HEADER is not set.
 * @param consequence the resulting problem, as the first sentence of the message
 */
export function hintAtProxy(request: HttpRequest, consequence: string): void {
  if (isReported || settings.SECURE_PROXY_SSL_HEADER !== null) return
  if (request.get('X-Forwarded-Proto').split(',')[0]?.trim() !== 'https') return
  isReported = true
  log.warning(
    `${consequence} The request says X-Forwarded-Proto: https, but SECURE_PROXY_SSL_HEADER is not set, so it counts as` +
      " http. If your proxy sets that header itself and takes it off what clients send: SECURE_PROXY_SSL_HEADER: ['HTTP_X_FORWARDED_PROTO', 'https']",
  )
}

/** Allows the hint to be logged again. For tests. */
export function forgetProxyHint(): void {
  isReported = false
}

/** The value of Strict-Transport-Security; undefined for no header. */
function hstsValue(): string | undefined {
  if (settings.SECURE_HSTS_SECONDS === 0) return undefined
  const subdomains = settings.SECURE_HSTS_INCLUDE_SUBDOMAINS ? '; includeSubDomains' : ''
  const preload = settings.SECURE_HSTS_PRELOAD ? '; preload' : ''
  return `max-age=${settings.SECURE_HSTS_SECONDS}${subdomains}${preload}`
}

/** The policies of SECURE_REFERRER_POLICY. Browsers use the last one that they support. */
export function referrerPolicies(): string[] {
  const policy = settings.SECURE_REFERRER_POLICY ?? []
  return typeof policy === 'string' ? policy.split(',').map((each) => each.trim()) : [...policy]
}

/** Headers for all responses, and those for responses over https only. */
function headersToSend(): { always: [string, string][]; secure: [string, string][] } {
  const always: [string, string | undefined | null][] = [
    ['X-Content-Type-Options', settings.SECURE_CONTENT_TYPE_NOSNIFF ? 'nosniff' : undefined],
    ['Referrer-Policy', referrerPolicies().join(',')],
    ['Cross-Origin-Opener-Policy', settings.SECURE_CROSS_ORIGIN_OPENER_POLICY],
  ]
  const hsts = hstsValue()
  return {
    always: always.filter((header): header is [string, string] => Boolean(header[1])),
    // Browsers ignore it over http, where anyone on the network could have added it.
    secure: hsts === undefined ? [] : [['Strict-Transport-Security', hsts]],
  }
}

/** The path that SECURE_REDIRECT_EXEMPT is matched with: without leading slashes. */
const pathToMatch = (request: HttpRequest): string => (request.scriptName + request.pathInfo).replace(/^\/+/, '')

/** The middleware for MIDDLEWARE. */
export function SecurityMiddleware(): Middleware {
  const { always, secure } = headersToSend()
  const exempt = compilePatterns(settings.SECURE_REDIRECT_EXEMPT)
  const { SECURE_SSL_REDIRECT: redirects, SECURE_SSL_HOST: sslHost } = settings
  const isAllowed = (request: HttpRequest): boolean => !redirects || someMatch(exempt, pathToMatch(request))
  return function security({ request, response }, next) {
    const isSecure = request.isSecure()
    // Set before the view runs: the view can override them, and error responses have them too.
    for (const [name, value] of always) response.res.setHeader(name, value)
    if (isSecure) for (const [name, value] of secure) response.res.setHeader(name, value)
    if (isSecure || isAllowed(request)) return next()
    hintAtProxy(request, 'SECURE_SSL_REDIRECT redirects to an address that redirects again.')
    const host = sslHost ?? request.getHost()
    applyResponse(new HttpResponsePermanentRedirect(`https://${host}${request.getFullPath()}`), response)
    return undefined
  }
}
